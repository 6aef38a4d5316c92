"use strict";
(() => {
  // Folds the form where there is little room, and reads this page again now and then; without it, both stay as they are.
  const EVERY = 30000, AFTER_FAILURE = 10000, AFTER_TOUCH = 5000;
  const said = document.getElementById("refresh");
  const pause = document.createElement("button"), announced = document.createElement("div");
  let touched = 0, read = Date.now(), tried = 0, isPaused = false, isReading = false;
  pause.type = "button";
  pause.textContent = "Pause";
  // A screen reader tells when the verdict changes, and nothing else.
  announced.setAttribute("role", "status");
  announced.className = "sr";
  document.getElementById("reload").after(pause, announced);

  const narrow = matchMedia("(max-width: 45rem)");
  const form = () => document.getElementById("filtering") ?? {};
  const fold = () => { form().open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();

  const tell = (text, isLate) => {
    const span = document.createElement("span");
    span.textContent = text;
    span.className = isLate ? "late" : "";
    said.replaceChildren(span);
  };
  const tellTime = () => tell(isPaused ? "Paused: what is shown grows old." : "Read again every 30 seconds, without asking Northflank for anything.");

  const isInUse = () => {
    const active = document.activeElement;
    return document.hidden || Date.now() - touched < AFTER_TOUCH || !getSelection().isCollapsed ||
      (active !== null && active.matches("input, select, textarea"));
  };

  const show = (text) => {
    // Not the whole page: what is inline there has a nonce that does not count here.
    const main = text.slice(text.indexOf("<main "), text.lastIndexOf("</main>"));
    const then = new DOMParser().parseFromString(main, "text/html").getElementById("content");
    const now = document.getElementById("content");
    if (then === null) throw new Error("no such page");
    const focused = document.activeElement?.id;
    const before = document.getElementById("said")?.textContent;
    const isUnfolded = form().open;
    const scrolled = [...now.querySelectorAll(".table")].map((each) => each.scrollLeft);
    now.replaceChildren(...then.childNodes);
    [...now.querySelectorAll(".table")].forEach((each, place) => { each.scrollLeft = scrolled[place] ?? 0; });
    form().open = isUnfolded;
    document.title = then.dataset.title;
    const after = document.getElementById("said")?.textContent;
    if (after !== before) announced.textContent = after ?? "";
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  };

  const secondsOld = () => Math.round((Date.now() - read) / 1000);

  const refresh = async () => {
    isReading = true;
    tried = Date.now();
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(20000) });
      if (!answer.ok) {
        tell(`The exporter answers with ${answer.status}: what is shown is ${secondsOld()} seconds old.`, true);
        return;
      }
      const text = await answer.text();
      if (isInUse()) return;
      show(text);
      read = Date.now();
      tellTime();
    } catch {
      tell(`The exporter has not answered for ${secondsOld()} seconds: what is shown is as old.`, true);
    } finally {
      isReading = false;
    }
  };

  const tick = () => {
    if (isPaused || isReading || document.hidden || secondsOld() * 1000 < EVERY) return;
    if (isInUse()) tell(`Waits while the page is in use: what is shown is ${secondsOld()} seconds old.`);
    else if (Date.now() - tried >= AFTER_FAILURE) void refresh();
  };
  for (const event of ["pointerdown", "keydown", "wheel", "touchmove"]) {
    addEventListener(event, () => { touched = Date.now(); }, { passive: true });
  }
  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? "Go on" : "Pause";
    tellTime();
  });
  document.addEventListener("visibilitychange", tick);
  setInterval(tick, 1000);
  tellTime();
})();
