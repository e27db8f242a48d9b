// One button that follows every link of its group in turn: a browser saves one file after the other.
for (const button of document.querySelectorAll("[data-take-all]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const links = document.querySelectorAll(`[data-take="${button.dataset.takeAll}"]`);
    links.forEach((link, place) => setTimeout(() => link.click(), place * 800));
  });
}

// One paper of all parts: this browser collects what each link of the group holds, and has it set as one file. A part that
// does not answer leaves no half paper.
for (const button of document.querySelectorAll("[data-paper]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const links = [...document.querySelectorAll(`[data-take="${button.dataset.paperOf}"]`)];
      const parts = await Promise.all(links.map(async (link) => {
        const response = await fetch(`${link.getAttribute("href")}?form=paper`, { credentials: "same-origin" });
        if (!response.ok) throw new Error(response.status);
        return { title: link.firstChild.textContent.trim(), lists: (await response.json()).lists };
      }));
      const made = await fetch(button.dataset.paper, {
        method: "POST", credentials: "same-origin", headers: { "Content-Type": "application/json" }, body: JSON.stringify(parts),
      });
      if (!made.ok) throw new Error(made.status);
      const address = URL.createObjectURL(await made.blob());
      const link = Object.assign(document.createElement("a"), { href: address, download: "own-data.pdf" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60000);
    } catch {
      button.insertAdjacentHTML("afterend", " <span role=\"status\"></span>");
      button.nextElementSibling.textContent = button.dataset.paperFailed;
    }
    button.disabled = false;
  });
}
