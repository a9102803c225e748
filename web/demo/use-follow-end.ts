"use client";

import { useEffect, useLayoutEffect, useRef, useState } from "react";

/** As near to the end as this, px, a reader follows it. */
const NEAR_PX = 80;

/**
 * Keeps a log at its end while the reader is there, and where it is when earlier messages come in above. `last`: what is
 * at the end; `isOwn`: the reader has written it.
 */
export function useFollowEnd({
  first,
  last,
  isOwn,
}: {
  first: string | undefined;
  last: string | undefined;
  isOwn: boolean;
}) {
  const log = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const height = useRef(0);
  const shown = useRef<{ first: string | undefined; last: string | undefined }>({ first, last });
  const [hasNews, setNews] = useState(false);

  const goToEnd = () => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
    setNews(false);
  };

  useLayoutEffect(() => {
    const element = log.current;
    if (element === null) return;
    const before = shown.current;
    shown.current = { first, last };
    if (last !== before.last) {
      if (isAtEnd.current || isOwn) goToEnd();
      else setNews(true);
    } else if (first !== before.first) element.scrollTop += element.scrollHeight - height.current;
    height.current = element.scrollHeight;
  });

  useEffect(() => {
    const element = log.current;
    if (element === null) return;
    const onScroll = () => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      if (isAtEnd.current) setNews(false);
    };
    // A keyboard or a banner makes the log lower: its end stays in view.
    const resize = new ResizeObserver(() => {
      if (isAtEnd.current) element.scrollTo({ top: element.scrollHeight });
    });
    element.addEventListener("scroll", onScroll, { passive: true });
    resize.observe(element);
    return () => {
      element.removeEventListener("scroll", onScroll);
      resize.disconnect();
    };
  }, []);

  return { log, hasNews, goToEnd };
}
