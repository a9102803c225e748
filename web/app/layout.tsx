import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import "./globals.css";

export const metadata: Metadata = {
  title: "Meeshy presence",
  description: "Who is online, away or offline right now",
  // A token may arrive in the address: no other site may receive it.
  referrer: "no-referrer",
};

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#ffffff" },
    { media: "(prefers-color-scheme: dark)", color: "#171a24" },
  ],
  // A keyboard on the screen makes the page lower: the composer stays in view.
  interactiveWidget: "resizes-content",
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        {children}
        <noscript>This page needs JavaScript: presence is live.</noscript>
      </body>
    </html>
  );
}
