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
