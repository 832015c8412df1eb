import { Snippet, define } from "../_shared/snippet.js";
import { mount } from "./cards.js";

/** Lays out the cards of a screen over the call. */
export class OverlayStage extends Snippet {
  /** Shows a whole screen. */
  show({ now, cards }) {
    mount(this, cards, { "clock-offset": Date.parse(now) - Date.now(), lang: this.lang });
  }
}

define("overlay-stage", OverlayStage);
