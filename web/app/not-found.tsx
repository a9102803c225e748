import { Lost } from "../demo/lost.tsx";

export default function NotFound() {
  return <Lost />;
}
