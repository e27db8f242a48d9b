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
  try {
    const response = await fetch(card.dataset.card, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    const text = response.ok && !response.redirected ? await response.text() : "";
    if (text.trim()) card.innerHTML = text;
  } catch {
    // The service is away for a moment: what is shown stays, and the next round tries again.
  }
  refreshLater(card);
}

for (const card of document.querySelectorAll("[data-card]")) {
  if (card.querySelector("[data-refresh]")) refreshLater(card);
  else refresh(card);
}
