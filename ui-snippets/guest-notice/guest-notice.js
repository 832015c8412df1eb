import { Snippet, define } from "../_shared/snippet.js";

/** Tells the therapist quietly that a third person is in a two-person call. No attributes. */
export class GuestNotice extends Snippet {
  static place = "dot";

  built() {
    this.announce(this.say("joined"));
  }
}

define("guest-notice", GuestNotice);
