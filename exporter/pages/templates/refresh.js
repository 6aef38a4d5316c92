"use strict";
(() => {
  // Folds the form where there is little room, and reads this page again now and then; without it, both stay as they are.
  const EVERY = 30000, AFTER_FAILURE = 10000, AFTER_TOUCH = 5000, OLD = 120000;
  const said = document.getElementById("refresh");
  const pause = document.createElement("button"), announced = document.createElement("div");
  let touched = 0, read = Date.now(), tried = 0, isPaused = false, isReading = false, isLost = false;
  pause.type = "button";
  pause.textContent = "Pause";
  // A screen reader tells when the verdict changes or grows old, and nothing else.
  announced.setAttribute("role", "status");
  announced.className = "sr";
  document.getElementById("reload").after(pause, announced);

  const narrow = matchMedia("(max-width: 45rem)");
  const form = () => document.getElementById("filtering") ?? {};
  const fold = () => { form().open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();

  const tell = (text, isLate = false) => {
    const span = document.createElement("span");
    span.textContent = text;
    span.className = isLate ? "late" : "";
    said.replaceChildren(span);
    // What stands at the end of a long page would not be seen by who reads at its beginning.
    said.closest("footer").classList.toggle("lost", isLate);
    if (isLate && !isLost) announced.textContent = text;
    isLost = isLate;
  };
  const tellTime = () => tell(isPaused ? "Paused: what is shown grows old." : "Read again every 30 seconds, without asking Northflank for anything.");

  const isInUse = () => {
    const active = document.activeElement;
    return document.hidden || Date.now() - touched < AFTER_TOUCH || !getSelection().isCollapsed ||
      (active !== null && active.matches("input, select, textarea"));
  };

  // Which link or table it is, whatever comes before it when the page was read again.
  const placeOf = (each) => [
    each.id, each.getAttribute("aria-labelledby"), each.getAttribute("href"), each.closest("tbody")?.querySelector(".addon a")?.href,
  ].join("\n");

  // What somebody has chosen and not sent yet.
  const fields = () => [...document.querySelectorAll(".filter input, .filter select")];
  const choose = (id, value) => {
    const field = document.getElementById(id);
    if (field === null) return;
    field.value = value;
    if (field.selectedIndex === -1) field.selectedIndex = 0;
  };

  const show = (text) => {
    // Not the whole page: what is inline there has a nonce that does not count here.
    const main = text.slice(text.indexOf("<main "), text.lastIndexOf("</main>"));
    const then = new DOMParser().parseFromString(main, "text/html").getElementById("content");
    const now = document.getElementById("content");
    if (then === null) throw new Error("no such page");
    const focused = now.contains(document.activeElement) && document.activeElement !== now ? placeOf(document.activeElement) : null;
    const chosen = fields().map((each) => [each.id, each.value]);
    const before = document.getElementById("said")?.textContent;
    const isUnfolded = form().open;
    const scrolled = [...now.querySelectorAll(".table")].map((each) => each.scrollLeft);
    now.replaceChildren(...then.childNodes);
    [...now.querySelectorAll(".table")].forEach((each, place) => { each.scrollLeft = scrolled[place] ?? 0; });
    form().open = isUnfolded;
    document.title = then.dataset.title;
    const after = document.getElementById("said")?.textContent;
    if (after !== before) announced.textContent = after ?? "";
    for (const [id, value] of chosen) choose(id, value);
    if (focused === null) return;
    const again = [...now.querySelectorAll("a, button, summary, [tabindex]")].find((each) => placeOf(each) === focused);
    (again ?? now).focus({ preventScroll: true });
  };

  const secondsOld = () => Math.round((Date.now() - read) / 1000);
  const age = () => secondsOld() * 1000 < OLD ? `${secondsOld()} seconds` : `${Math.floor(secondsOld() / 60)} minutes`;

  const refresh = async () => {
    isReading = true;
    tried = Date.now();
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(20000) });
      if (!answer.ok) {
        tell(`The exporter answers with ${answer.status}: what is shown is ${age()} old.`, true);
        return;
      }
      const text = await answer.text();
      if (isPaused || isInUse()) return;
      show(text);
      read = Date.now();
      tellTime();
    } catch {
      tell(`The exporter has not answered for ${age()}: what is shown is as old.`, true);
    } finally {
      isReading = false;
    }
  };

  const tick = () => {
    if (isPaused || isReading || document.hidden || secondsOld() * 1000 < EVERY) return;
    if (isInUse()) tell(`Waits while the page is in use: what is shown is ${age()} old.`, secondsOld() * 1000 >= OLD);
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
