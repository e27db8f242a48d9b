// One button that follows every link of its group in turn: a browser saves one file after the other.
for (const button of document.querySelectorAll("[data-take-all]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const links = document.querySelectorAll(`[data-take="${button.dataset.takeAll}"]`);
    links.forEach((link, place) => setTimeout(() => link.click(), place * 800));
  });
}
