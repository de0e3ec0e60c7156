#include "report/page_style.h"

const std::string_view page_style = R"css(
:root {
  color-scheme: light dark;
  --paper: #ffffff; --panel: #f5f6f7; --ink: #12181d; --soft: #56616b; --line: #d5dade; --link: #12549c;
  --bad: #b3231b; --good: #0b6b3a; --warning: #8a5300; --waived: #2c6fbb; --below: #7d8993; --focus: #12549c;
  --critical: #8f1d16; --high: #c0392b; --medium: #a85f00; --low: #46606f; --negligible: #6b767e; --unknown: #6a4c93;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #101418; --panel: #1a2026; --ink: #e6eaed; --soft: #a3aeb8; --line: #333c45; --link: #86bdff;
    --bad: #ff8177; --good: #56c98a; --warning: #f0b04a; --waived: #6fa8ea; --below: #66737e; --focus: #ffbf2e;
    --critical: #ff9b93; --high: #ff8177; --medium: #f0b04a; --low: #9fb8c7; --negligible: #a3aeb8; --unknown: #c5a6f0;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.band :focus-visible { outline-color: #fff; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .85em; overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; margin: .4rem 0; overflow-x: auto; white-space: pre-wrap; }
header, main, footer, nav ul { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
.band { color: #fff; border-bottom: 6px solid rgb(0 0 0 / .25); }
.band.good { background: #0b6b3a; } .band.bad { background: #9e2119; } .band.warning { background: #7a4b00; }
header { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1.1rem; padding-top: 1.6rem; padding-bottom: 1.4rem; align-items: center; }
header svg { width: 3.2rem; height: 3.2rem; grid-row: span 2; }
h1 { font-size: clamp(1.35rem, 1rem + 1.8vw, 2.1rem); line-height: 1.2; margin: 0; text-wrap: balance; overflow-wrap: anywhere; }
header p { margin: 0; opacity: .92; font-size: .95rem; overflow-wrap: anywhere; }
header a { color: #fff; }
.trial { background: #ffdd57; color: #1c1700; font-weight: 600; }
.trial p { max-width: 76rem; margin: 0 auto; padding: .7rem 1.25rem; }
nav { border-bottom: 1px solid var(--line); background: var(--paper); position: sticky; top: 0; z-index: 2; }
nav ul { display: flex; gap: 1.4rem; list-style: none; overflow-x: auto; scrollbar-width: none; }
nav a { display: block; padding: .7rem 0; white-space: nowrap; text-decoration: none; font-size: .92rem; }
nav a:hover { text-decoration: underline; }
section { padding-top: 2rem; scroll-margin-top: 2rem; }
h2 { font-size: 1.3rem; margin: 0 0 .9rem; }
h3 { font-size: 1rem; margin: 0 0 .6rem; }
.soft { color: var(--soft); } .small { font-size: .875rem; } .number { font-variant-numeric: tabular-nums; }
ol.todo { list-style: none; counter-reset: n; margin: 0; padding: 0; display: grid; gap: .6rem; }
ol.todo li { counter-increment: n; display: grid; grid-template-columns: 2.1rem 1fr; background: var(--panel); border-radius: 8px; padding: .7rem .9rem; overflow-wrap: anywhere; }
ol.todo li::before { content: counter(n); font-weight: 700; color: var(--soft); }
ol.todo b { font-weight: 600; }
ol.todo span { color: var(--soft); font-size: .9rem; display: block; }
.nothing { background: var(--panel); border-radius: 8px; padding: .8rem 1rem; margin: 0; }
.cards { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 16.5rem), 1fr)); }
.card { border: 1px solid var(--line); border-top: 5px solid var(--warning); border-radius: 8px; padding: .9rem 1rem; display: grid; gap: .55rem; align-content: start; break-inside: avoid; overflow-wrap: anywhere; }
.card.good { border-top-color: var(--good); } .card.bad { border-top-color: var(--bad); }
.card h3 { margin: 0; font-size: 1.05rem; } .card p { margin: 0; font-size: .875rem; }
.status { font-weight: 700; } .status.good { color: var(--good); } .status.bad { color: var(--bad); } .status.warning { color: var(--warning); }
.tally { display: grid; grid-template-columns: repeat(3, 1fr); margin: 0; border-block: 1px solid var(--line); padding: .45rem 0; }
.tally div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
.tally dt { font-size: .75rem; color: var(--soft); } .tally dd { margin: 0; font-size: 1.35rem; font-weight: 650; line-height: 1.15; font-variant-numeric: tabular-nums; }
.tally .bad { color: var(--bad); }
.charts { display: grid; gap: 1.2rem 2.4rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.chart { width: 100%; border-collapse: collapse; }
.chart th { text-align: left; font-weight: 400; padding: .22rem .8rem .22rem 0; width: 1%; max-width: 11rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.chart td { padding: .22rem 0; } .chart td:last-child { width: 1%; text-align: right; padding-left: .7rem; font-variant-numeric: tabular-nums; font-weight: 600; }
.chart svg { display: block; width: 100%; height: 1.05rem; }
.fill-blocking { fill: var(--bad); } .fill-pre-existing { fill: var(--warning); } .fill-waived { fill: var(--waived); } .fill-reported { fill: var(--below); } .fill-rest { fill: var(--panel); }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; margin: 0 0 .9rem; padding: 0; font-size: .875rem; }
.legend svg { width: .8rem; height: .8rem; margin-right: .4rem; }
#filter { display: grid; gap: .6rem .8rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 10rem), 1fr)); align-items: end; margin-bottom: .8rem; }
#filter[hidden] { display: none; }
#filter label { font-size: .8rem; color: var(--soft); display: grid; gap: .2rem; }
#filter .wide { grid-column: span 2; }
input, select, button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: 6px; padding: .45rem .6rem; width: 100%; min-height: 2.6rem; }
button { cursor: pointer; width: auto; }
#shown { margin: 0 0 .6rem; }
table.list { width: 100%; border-collapse: collapse; font-size: .925rem; }
.list th { text-align: left; font-size: .8rem; color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); padding: .4rem .8rem .4rem 0; vertical-align: bottom; }
.list td { border-bottom: 1px solid var(--line); padding: .6rem .8rem .6rem 0; vertical-align: top; overflow-wrap: anywhere; }
.list .narrow { width: 1%; white-space: nowrap; } .list .roomy { min-width: 9.5rem; }
.list td > div { min-width: 5.2rem; } .list .number > div { min-width: 3rem; }
.badge { display: inline-block; font-size: .78rem; font-weight: 700; letter-spacing: .01em; padding: .08rem .5rem; border-radius: 99px; border: 1.5px solid currentColor; white-space: nowrap; }
.critical { color: var(--critical); } .high { color: var(--high); } .medium { color: var(--medium); } .low { color: var(--low); } .negligible { color: var(--negligible); } .unknown { color: var(--unknown); }
.badge.critical { background: var(--critical); border-color: var(--critical); color: var(--paper); }
.state { display: block; font-size: .8rem; margin-top: .25rem; color: var(--soft); } .state.blocking { color: var(--bad); font-weight: 650; } .state.pre_existing { color: var(--warning); font-weight: 650; }
.exploited { display: block; font-size: .8rem; font-weight: 650; color: var(--bad); margin-top: .25rem; }
.days { font-weight: 650; } .days.over { color: var(--bad); } .days.soon { color: var(--warning); }
.meter { display: block; width: 100%; max-width: 9rem; height: .4rem; margin-top: .3rem; } .meter .over { fill: var(--bad); } .meter .soon { fill: var(--warning); } .meter .fine { fill: var(--good); }
details summary { cursor: pointer; color: var(--link); } .list details { margin-top: .3rem; font-size: .875rem; }
.list details ul { margin: .3rem 0 0; padding-left: 1.1rem; }
details.more { border-top: 1px solid var(--line); padding: .7rem 0; } details.more > summary { font-weight: 600; } details.more > table { margin-top: .6rem; }
footer { color: var(--soft); font-size: .85rem; padding-top: 2.4rem; padding-bottom: 3rem; overflow-wrap: anywhere; }
@media (max-width: 47rem) {
  .list thead { position: absolute; display: block; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .list, .list tbody { display: block; }
  .list tr { display: block; border: 1px solid var(--line); border-radius: 8px; padding: .3rem .9rem; margin-bottom: .7rem; }
  .list td, .list .narrow, .list .roomy { display: grid; grid-template-columns: 6.2rem minmax(0, 1fr); gap: .6rem; width: auto; min-width: 0; white-space: normal; padding: .4rem 0; }
  .list td > div, .list .number > div { min-width: 0; }
  .list tr td:last-child { border-bottom: 0; }
  .list td::before { content: attr(data-label); color: var(--soft); font-size: .8rem; padding-top: .1rem; }
}
@media print {
  :root { --paper: #fff; --panel: #f3f3f3; --ink: #000; --soft: #444; --line: #bbb; --link: #000; --bad: #a11; --good: #060; --warning: #740; --waived: #2c6fbb; --below: #7d8993; --focus: #12549c;
    --critical: #8f1d16; --high: #c0392b; --medium: #a85f00; --low: #46606f; --negligible: #6b767e; --unknown: #6a4c93; }
  body { font-size: 9.5pt; } nav, #filter, #shown button { display: none; } section { padding-top: 1rem; }
  .band, .badge, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  #findings table { table-layout: fixed; } #findings td > div, #findings .roomy { min-width: 0; }
  #findings th:nth-child(1) { width: 11%; } #findings th:nth-child(2) { width: 31%; } #findings th:nth-child(3) { width: 15%; }
  #findings th:nth-child(4) { width: 9%; } #findings th:nth-child(5) { width: 17%; } #findings .narrow { white-space: normal; }
  .list tr, ol.todo li, details.more summary { break-inside: avoid; } h2, h3 { break-after: avoid; } thead { display: table-header-group; }
}
)css";

const std::string_view page_script = R"js(
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const step = 200;
  const body = document.querySelector("#findings tbody");
  const rest = document.getElementById("rest");
  const rows = [...body.rows, ...(rest ? rest.content.children : [])].map(row => ({ row, text: null }));
  const shown = document.getElementById("shown");
  const text = shown.querySelector("span");
  const more = shown.querySelector("button");
  let limit = step;
  const fits = (entry, words) => {
    const data = entry.row.dataset;
    if (form.state.value && data.state !== form.state.value) return false;
    if (form.severity.value && Number(data.rank) < Number(form.severity.value) && data.rank !== "0") return false;
    if (form.image && form.image.value && !(" " + data.images + " ").includes(" " + form.image.value + " ")) return false;
    if (words.length === 0) return true;
    if (entry.text === null) entry.text = entry.row.textContent.toLowerCase();
    return words.every(word => entry.text.includes(word));
  };
  const apply = () => {
    const words = form.words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shownRows = document.createDocumentFragment();
    let fitting = 0;
    for (const entry of rows) {
      if (!fits(entry, words)) continue;
      fitting += 1;
      if (fitting <= limit) shownRows.append(entry.row);
    }
    body.replaceChildren(shownRows);
    const visible = Math.min(fitting, limit);
    text.textContent = visible === rows.length ? "All " + rows.length + " shown." : visible + " of " + rows.length + " shown" + (fitting > visible ? ", " + (fitting - visible) + " more fit." : ".");
    more.hidden = fitting <= visible;
  };
  const restart = () => { limit = step; apply(); };
  form.addEventListener("input", restart);
  form.addEventListener("submit", event => event.preventDefault());
  more.addEventListener("click", () => { limit = Infinity; apply(); });
  const closed = [];
  addEventListener("beforeprint", () => {
    if (!rest) limit = Infinity;
    apply();
    for (const details of document.querySelectorAll("details:not([open])")) { details.open = true; closed.push(details); }
  });
  addEventListener("afterprint", () => { while (closed.length) closed.pop().open = false; restart(); });
  form.hidden = false;
  shown.hidden = false;
  apply();
})();
)js";
