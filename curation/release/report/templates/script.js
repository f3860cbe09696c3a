"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");

  // The theme: the reader's choice over the system's.
  const button = document.getElementById("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const store = (value) => { try { localStorage.setItem("ovr-theme", value); } catch { /* private mode */ } };
  const stored = () => { try { return localStorage.getItem("ovr-theme"); } catch { return null; } };
  const isDark = () => (root.dataset.theme || (prefersDark.matches ? "dark" : "light")) === "dark";
  const show = () => button.setAttribute("aria-pressed", String(isDark()));
  if (["dark", "light"].includes(stored())) root.dataset.theme = stored();
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    store(root.dataset.theme);
    show();
  });
  prefersDark.addEventListener("change", show);
  show();

  // Tables sort by the column whose head is chosen: numbers largest first, words from A.
  const value = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const compare = (a, b) => (isNaN(a) || isNaN(b) || a === "" || b === "" ? a.localeCompare(b) : a - b);
  const sort = (table, column, head) => {
    const first = head.className === "k-text" || head.className === "k-code" ? "ascending" : "descending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? other : first;
    for (const one of head.parentElement.cells) one.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const rows = [...table.tBodies[0].rows].sort((a, b) => sign * compare(value(a, column), value(b, column)));
    table.tBodies[0].append(...rows);
  };
  for (const table of document.querySelectorAll(".scroll > table")) {
    if (table.tBodies[0].rows.length < 3) continue;
    for (const head of table.tHead.rows[0].cells) {
      const chooser = document.createElement("button");
      chooser.type = "button";
      chooser.className = "sort";
      chooser.append(...head.childNodes);
      chooser.addEventListener("click", () => sort(table, head.cellIndex, head));
      head.append(chooser);
    }
  }

  // Paper has no folds, but for the long responses of the gallery.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open], .card details)")];
    for (const one of folded) one.open = true;
  });
  addEventListener("afterprint", () => { for (const one of folded) one.open = false; });

  // The contents say which section is being read.
  const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [a.hash.slice(1), a]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting || !links.has(entry.target.id)) continue;
      for (const a of links.values()) a.removeAttribute("aria-current");
      links.get(entry.target.id).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const section of document.querySelectorAll("main > section")) seen.observe(section);

  // The gallery: rows that fit all filters and every word of the search.
  const controls = document.getElementById("gallery-controls");
  if (controls) {
    const cards = [...document.querySelectorAll("#gallery-rows > .card")];
    const texts = cards.map((card) => card.textContent.toLowerCase());
    const search = document.getElementById("gallery-search");
    const filters = [...controls.querySelectorAll("[data-filter]")];
    const fits = (card, text) =>
      filters.every(({ value, dataset: { filter } }) => !value || (filter === "verdicts"
        ? card.dataset.verdicts.split("|").includes(value) : card.dataset[filter] === value)) &&
      search.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
    const update = () => {
      let n = 0;
      cards.forEach((card, number) => { n += !(card.hidden = !fits(card, texts[number])); });
      const all = cards.length.toLocaleString("en");
      document.getElementById("gallery-count").textContent = (n === cards.length ? "" : `${n.toLocaleString("en")} of `) + `${all} ${cards.length === 1 ? "row" : "rows"}`;
      document.getElementById("gallery-none").hidden = n > 0;
    };
    const go = (step) => {
      const shown = cards.filter((card) => !card.hidden);
      const now = shown.indexOf(document.activeElement.closest(".card"));
      const next = shown[now < 0 ? 0 : Math.min(Math.max(now + step, 0), shown.length - 1)];
      if (next) { next.focus({ preventScroll: true }); next.scrollIntoView({ block: "nearest" }); }
    };
    const unfold = () => {
      const folds = [...(document.activeElement.closest(".card")?.querySelectorAll("details") ?? [])];
      const open = folds.some((one) => !one.open);
      for (const one of folds) one.open = open;
    };
    controls.addEventListener("input", update);
    controls.addEventListener("submit", (event) => event.preventDefault());
    controls.addEventListener("reset", () => setTimeout(update));
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
      const act = { j: () => go(1), k: () => go(-1), o: unfold, "/": () => search.focus() }[event.key];
      if (act) { event.preventDefault(); act(); }
    });
    update();
  }
})();
