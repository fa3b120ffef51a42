// The table of a stage by worker and executor.

import { binned, clock, count, duration, percent, rate } from "../lib/format.js";
import { Table, barColumn } from "../widgets/table.js";

/** Columns that only some kinds of stages have, by the member of the row. */
const SOME = [
  ["late", "late"],
  ["dropped", "dropped"],
  ["windows_open", "windows open"],
  ["windows_fired", "fired"],
  ["windows_early", "early"],
  ["expired_keys", "expired keys"],
  ["join_pairs", "pairs"],
  ["join_unpaired", "unpaired"],
  ["join_buffered", "kept for partners"],
];

/** A table whose columns depend on the kind of the stage. */
export function executorTable() {
  /** @type {number[]} */
  let bounds = [];
  const optional = SOME.map(([member, title]) => ({
    member,
    title,
    number: true,
    hide: true,
    text: (/** @type {any} */ row) => count(row[member]),
  }));
  const time = (/** @type {string} */ part) => (/** @type {any} */ row) =>
    binned(row.latency?.count ? row.latency[part] : null, bounds);
  const watermark = {
    title: "watermark",
    number: true,
    hide: true,
    text: (/** @type {any} */ row) =>
      `${clock(row.watermark)} (\u2212${duration(row.lag_seconds)})`,
  };
  const table = new Table({
    label: "By executor",
    keyOf: (row) => `${row.worker} ${row.executor}`,
    nothing: ["It runs on no executor yet."],
    columns: [
      { title: "executor", text: (row) => `${row.worker} / ${row.executor}` },
      { title: "in", number: true, text: (row) => rate(row.in) },
      { title: "out", number: true, text: (row) => rate(row.out) },
      barColumn("busy", (row) => row.busy, percent),
      {
        title: "segment blocked",
        number: true,
        about: "a full queue behind its segment held it back",
        text: (row) => percent(row.segment_blocked),
      },
      { title: "p50", number: true, text: time("p50") },
      { title: "p99", number: true, text: time("p99") },
      { title: "p99.99", number: true, text: time("p99.99") },
      {
        title: "records",
        number: true,
        about: "since the start",
        text: (row) => count(row.in_total),
      },
      { title: "errors", number: true, text: (row) => count(row.errors) },
      watermark,
      ...optional,
    ],
  });
  return {
    element: table.element,
    /** @param {any[]} rows @param {number[]} ofTimes of the bins of times */
    update(rows, ofTimes) {
      bounds = ofTimes;
      for (const column of optional)
        column.hide = rows.every((row) => row[column.member] === undefined);
      watermark.hide = rows.every((row) => typeof row.watermark !== "number");
      table.update(rows);
    },
  };
}
