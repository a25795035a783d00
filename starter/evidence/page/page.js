"use strict";
(() => {
  const block = document.getElementById("data");
  const seal = document.getElementById("seal");
  const rows = [...document.querySelectorAll("#list tbody tr")];
  const say = (kind, text) => { seal.className = kind; seal.textContent = text; };
  let data;
  try { data = JSON.parse(block.textContent); } catch { say("broken", "This report was changed: its data cannot be read."); return; }

  // The table must say what the data say.
  const cells = (i) => [i.source, i.target, i.record, i.requester, data.definitions[i.definition].id, i.state, i.verdict, i.reason, i.wave, i.activities.join(" "), i.findings.join(" ")];
  const same = rows.length === data.instances.length && rows.every((row, n) => cells(data.instances[n]).every((text, c) => row.cells[c].textContent === text));
  if (!same) {
    say("broken", "This report was changed: its table of instances is not that of its data.");
  } else if (!globalThis.crypto?.subtle) {
    say("unknown", "Not checked: this browser has no SHA-256 for this page. Of the data: " + block.dataset.sum);
  } else {
    crypto.subtle.digest("SHA-256", new TextEncoder().encode(block.textContent)).then((sum) => {
      const hex = [...new Uint8Array(sum)].map((b) => b.toString(16).padStart(2, "0")).join("");
      if (hex === block.dataset.sum) say("intact", "The data of this report are as they were made. SHA-256: " + hex);
      else say("broken", "This report was changed: its data have SHA-256 " + hex + ", not " + block.dataset.sum);
    });
  }

  const form = document.getElementById("filter"), find = document.getElementById("find"), count = document.getElementById("count");
  let chosen = null;
  const apply = () => {
    const text = find.value.trim().toLowerCase();
    const ids = (i) => [i.source, i.target, i.record].map((id) => id.toLowerCase());
    const is = (i) => ids(i).includes(text), has = (i) => ids(i).some((id) => id.includes(text));
    const found = data.instances.some(is) ? is : has; // a whole ID finds that one alone
    let n = 0;
    rows.forEach((row, k) => {
      const i = data.instances[k];
      const there = !chosen || i.definition === Number(chosen.dataset.definition) && i.activities.includes(chosen.dataset.activity);
      row.hidden = !(there && (text === "" || found(i)));
      if (!row.hidden) n++;
    });
    count.textContent = n + " of " + rows.length + (chosen ? ", at " + chosen.dataset.activity : "");
    document.querySelectorAll(".badge").forEach((b) => b.classList.toggle("chosen", b === chosen));
  };
  document.querySelectorAll(".badge").forEach((b) => {
    b.addEventListener("click", () => { chosen = chosen === b ? null : b; apply(); });
    b.addEventListener("keydown", (e) => { if (e.key === " ") { e.preventDefault(); b.dispatchEvent(new MouseEvent("click", { bubbles: true })); location.hash = "instances"; } });
  });
  form.addEventListener("submit", (e) => e.preventDefault());
  find.addEventListener("input", apply);
  document.getElementById("all").addEventListener("click", () => { chosen = null; find.value = ""; apply(); });
  form.hidden = false;
  apply();
})();
