// A card is a link until this script fetches its fragment. A fragment that carries data-refresh="15" is fetched again
// after 15 seconds; where the page already holds the first content, its own data-refresh says when. Nothing is replaced
// under a reader's hands: not while the page is hidden, nor while focus or an opened <details> is inside.
"use strict";

function refreshLater(card) {
  const asking = card.querySelector("[data-refresh]");
  if (asking) setTimeout(() => refresh(card), 1000 * Math.max(2, Number(asking.dataset.refresh)));
}

async function refresh(card) {
  const busy = document.hidden || (card.querySelector("[data-refresh]") && card.matches(":focus-within, :has(details[open])"));
  if (busy) return refreshLater(card);
  const text = await fetchFragment(card.dataset.card);
  if (text?.trim()) card.innerHTML = text;
  refreshLater(card);
}

// The text of a fragment; null while its service is away, so that what is shown stays.
async function fetchFragment(address, kind = "text/html") {
  try {
    const response = await fetch(address, { headers: { Accept: kind }, credentials: "same-origin" });
    return response.ok && !response.redirected ? await response.text() : null;
  } catch {
    return null;
  }
}

// A list to which several services add lines: each link in it is replaced by the lines of its fragment, of which there
// may be none. What has a last day comes first. A line with data-ends-list takes the whole list away.
async function gather(box) {
  const list = box.querySelector("ol, ul");
  await Promise.all([...list.children].map(async (line) => {
    const text = await fetchFragment(line.dataset.line);
    if (text === null) return;
    const lines = document.createElement("template");
    lines.innerHTML = text;
    line.replaceWith(lines.content);
  }));
  if (list.querySelector("[data-ends-list]")) return box.remove();
  const last = (line) => line.dataset.until || "9999";
  list.append(...[...list.children].sort((one, other) => last(one).localeCompare(last(other))));
  const empty = box.querySelector("[hidden]");
  if (empty && !list.children.length) empty.hidden = false;
  box.classList.add("whole");
}

for (const card of document.querySelectorAll("[data-card]")) {
  if (card.querySelector("[data-refresh]")) refreshLater(card);
  else refresh(card);
}

for (const box of document.querySelectorAll("[data-gather]")) gather(box);

// Names of what a page knows by id: a box with data-names="address" asks once for those of all data-name-of in it. What
// stands there before, or where nobody answers, stays.
async function nameAll(box) {
  const marks = [...box.querySelectorAll("[data-name-of]")];
  const ids = [...new Set(marks.map((mark) => mark.dataset.nameOf))];
  if (!ids.length) return;
  const text = await fetchFragment(`${box.dataset.names}?ids=${encodeURIComponent(ids.join(","))}`, "application/json");
  if (text === null) return;
  const names = JSON.parse(text);
  for (const mark of marks) if (names[mark.dataset.nameOf]) mark.textContent = names[mark.dataset.nameOf];
}

for (const box of document.querySelectorAll("[data-names]")) nameAll(box);
