import { Demo } from "../demo/demo.tsx";

export default function Page() {
  return <Demo />;
}
