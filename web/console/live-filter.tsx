"use client";

import { useId } from "react";
import own from "./live.module.css";
import { replaceRoute } from "./route.ts";

/** Whose transitions are listed; it stands in the address. */
export function LiveFilter({ userId }: { userId: string }) {
  const inputId = useId();
  return (
    <search className={own.filter}>
      <label htmlFor={inputId}>User id contains</label>
      <input
        id={inputId}
        type="search"
        className={own.search}
        value={userId}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => replaceRoute({ view: "live", userId: event.target.value })}
      />
    </search>
  );
}
