import { Snippet, define } from "../_shared/snippet.js";

/** Tells the client, in plain words, that their therapist has asked for a moment. No attributes. */
export class MomentNotice extends Snippet {
  static place = "notice";

  built() {
    this.announce(this.say("line"));
  }

  /** On a narrow stage it stands below the video. */
  covers(all) {
    return all.width <= 720 ? { bottom: all.bottom - this.getBoundingClientRect().top } : {};
  }
}

define("moment-notice", MomentNotice);
