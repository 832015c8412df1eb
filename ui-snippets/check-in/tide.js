const HEIGHT = 26; // how far the water rises in the 64-unit window

/** The check-in's time as a rising tide: no digits, nothing that counts down. Words beside it say the same. */
export class Tide {
  #water;
  #rising;

  constructor(water) {
    this.#water = water;
  }

  /** Puts the water where it stands at `now` and lets it rise to `end`; with reduced motion it stays where it is. */
  rise(start, end, now) {
    if (!start || !end) return;
    const duration = Math.max(1, Date.parse(end) - Date.parse(start));
    this.#rising ??= this.#water.animate([{ transform: "none" }, { transform: `translateY(${-HEIGHT}px)` }], { duration, fill: "both" });
    this.#rising.currentTime = Math.min(duration, Math.max(0, now - Date.parse(start)));
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.#rising.pause();
  }
}
