import type { Metadata } from "next";
import { Console } from "../../console/console.tsx";

export const metadata: Metadata = {
  title: "Meeshy presence console",
  description: "Who is online and why, partitions, processes and transitions, for operators",
  robots: { index: false },
};

export default function Page() {
  return <Console />;
}
