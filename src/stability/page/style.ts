/** The page's style: light or dark as the reader's screen is, readable at 400 px and on paper. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b1b1f;--muted:#5c5f66;--paper:#fff;--line:#d9dbe0;--soft:#f3f4f6;--stable:#14713d;--open:#8a5a00;--fail:#b3261e;--original:#335c9e;--canary:#b3541e}
@media (prefers-color-scheme:dark){:root{--ink:#e7e8ec;--muted:#a4a8b2;--paper:#16171b;--line:#3a3d45;--soft:#22242a;--stable:#6bcf93;--open:#f0b959;--fail:#ff8a80;--original:#8fb4f2;--canary:#f2a27a}}
*{box-sizing:border-box}
body{margin:0 auto;padding:16px;max-width:1060px;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.5em;line-height:1.25;margin:.2em 0;overflow-wrap:anywhere}
h2{font-size:1.1em;margin:1.8em 0 .4em}
.stable{color:var(--stable)}.not-yet,.open,.unknown{color:var(--open)}.not-stable,.fail,.not-met{color:var(--fail)}.pass,.met{color:var(--stable)}
.next{font-size:1.1em}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:5px 8px 5px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{color:var(--muted);font-weight:600;overflow-wrap:normal}
td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td.s{white-space:nowrap;font-weight:600}
figure{margin:.5em 0 1em}
figcaption,.muted{color:var(--muted);font-size:.9em}
svg{display:block;max-width:100%;height:auto}
.narrow{display:none}
a{color:inherit}
@media (max-width:640px){.wide{display:none}.narrow{display:block}body{padding:12px}}
@media print{body{max-width:none}h2{break-after:avoid}figure,tr{break-inside:avoid}}
`;
