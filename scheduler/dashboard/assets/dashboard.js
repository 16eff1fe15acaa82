// Keeps the page fresh and forms from being sent twice. Everything works without it.
"use strict";
(() => {
  const SECONDS = 5;
  const REGIONS = ".scroll, pre";
  const main = document.getElementById("main");
  const live = document.getElementById("live");
  let tag = "";
  let failures = 0;
  let isPressed = false;

  // The note of an action is shown once, not again when the page is reloaded.
  const here = new URL(location.href);
  if (here.searchParams.has("note")) {
    here.searchParams.delete("note");
    here.searchParams.delete("mark");
    history.replaceState(null, "", here);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
  // A page that comes back from the browser's cache has forms that can be sent again.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
    }
  });

  // What is being clicked must not be replaced between pressing and letting go.
  addEventListener("pointerdown", () => { isPressed = true; }, true);
  for (const name of ["pointerup", "pointercancel"]) {
    addEventListener(name, () => setTimeout(() => { isPressed = false; }, 300), true);
  }

  const say = (words, bad) => {
    live.hidden = false;
    live.textContent = words;
    live.classList.toggle("bad", Boolean(bad));
  };

  const isBusy = () => {
    const active = document.activeElement;
    if (document.hidden || isPressed || !main.hasAttribute("data-live")) return true;
    if (active && main.contains(active) && active.closest("form")) return true;
    const selection = getSelection();
    return Boolean(selection && !selection.isCollapsed && main.contains(selection.anchorNode));
  };

  const replace = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("main");
    if (!fresh) return;
    const active = document.activeElement;
    const href = active && main.contains(active) ? active.getAttribute("href") : null;
    const region = [...main.querySelectorAll(REGIONS)].indexOf(active);
    const scrolled = [...main.querySelectorAll(".scroll")].map((box) => box.scrollLeft);
    main.replaceChildren(...fresh.childNodes);
    document.title = page.title;
    [...main.querySelectorAll(".scroll")].forEach((box, at) => { box.scrollLeft = scrolled[at] || 0; });
    if (href) {
      const same = [...main.querySelectorAll("a")].find((link) => link.getAttribute("href") === href);
      if (same) same.focus({ preventScroll: true });
    } else if (region >= 0) {
      const same = main.querySelectorAll(REGIONS)[region];
      if (same) same.focus({ preventScroll: true });
    }
  };

  const refresh = async () => {
    if (isBusy()) return;
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const response = await fetch(location.href, { headers, cache: "no-store", redirect: "manual" });
      if (response.status === 304) {
        failures = 0;
      } else if (response.ok) {
        tag = response.headers.get("ETag") || "";
        const text = await response.text();
        if (!isBusy()) replace(text);
        failures = 0;
      } else if (response.type === "opaqueredirect" || [401, 403, 404].includes(response.status)) {
        main.removeAttribute("data-live");
        say("Not up to date: you may be signed out. Reload the page.", true);
        return;
      } else {
        failures += 1;
      }
    } catch {
      failures += 1;
    }
    if (failures > 1) say("Not up to date: the server does not answer.", true);
    else say("Live");
  };

  if (main.hasAttribute("data-live")) {
    say("Live");
    setInterval(refresh, SECONDS * 1000);
    document.addEventListener("visibilitychange", refresh);
  }
})();
