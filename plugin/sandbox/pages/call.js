import { $, ask, enter, Refused } from "./api.js";
import { Controls } from "./controls.js";
import { Devices } from "./devices.js";
import { Embed } from "./embed.js";
import { Lobby, openSwitch, showSwitch } from "./lobby.js";
import { Peers } from "./peers.js";
import { Scene } from "./scene.js";
import { Signalling } from "./signalling.js";
import { reserve, say, show, showAfter, showCall, trouble } from "./views.js";

/** The one page of a call: lobby, call, afterwards. */
class CallPage {
  devices = new Devices();
  scene = new Scene();
  embed = new Embed();
  /** @type {Signalling | null} */
  line = null;
  /** @type {Peers | null} */
  peers = null;

  /** @param {{role: string | null, person: string, view: string, fermata: boolean}} entry */
  constructor({ role, person, view, fermata }) {
    this.person = person;
    this.fermata = fermata;
    this.view = view;
    this.mayEnd = role === "therapist";
    this.lobby = new Lobby(this.devices, role, () => this.join());
    this.controls = new Controls(this.devices, () => this.leave());
    this.devices.addEventListener("change", () => this.#tellMedia());
    $("again").addEventListener("click", () => (this.view === "left" ? this.join() : this.openLobby()));
    $("stage").addEventListener("fm-layout", (event) => reserve(event.detail));
    $("stage").addEventListener("back-request", () => this.join());
    if (this.mayEnd) this.#therapist();
    showSwitch(fermata);
    if (view === "lobby") this.openLobby();
    else this.after(/** @type {"left" | "over"} */ (view));
  }

  openLobby() {
    this.view = "lobby";
    this.embed.hide();
    show("lobby");
    this.lobby.open();
  }

  async join() {
    if (this.line) return;
    showCall();
    if (this.view !== "lobby") this.devices.open();
    this.view = "call";
    this.controls.show();
    const line = (this.line = new Signalling());
    const send = (/** @type {string} */ to, /** @type {object} */ data) => line.send({ type: "signal", to, data });
    this.peers = new Peers({ own: line.peer, person: this.person, devices: this.devices, send, show: (people) => this.scene.show(people) });
    line.addEventListener("frame", (event) => this.#hear(/** @type {CustomEvent} */ (event).detail));
    line.addEventListener("lost", () => {
      this.controls.line(false);
      this.peers?.hold();
    });
    line.addEventListener("refused", () => this.#shut("This page cannot join now. Load it again."));
    line.open();
  }

  leave() {
    this.#hangUp({ leave: true });
    this.after("left");
  }

  /** The call is over for this person; Fermata's element stays in the page for what comes after. @param {"left" | "over"} view */
  after(view) {
    this.view = view;
    showAfter({ view, mayEnd: this.mayEnd, fermata: this.fermata });
    if (this.fermata) this.embed.show();
  }

  #therapist() {
    $("end").hidden = false;
    const end = () => ask("POST", "/api/end").then(() => this.#ended(), trouble);
    $("end").addEventListener("click", end);
    $("after-end").addEventListener("click", end);
    openSwitch((on) => this.#switched(on), trouble);
  }

  /** @param {any} frame */
  #hear(frame) {
    switch (frame.type) {
      case "welcome":
        this.controls.line(true);
        this.peers?.welcome(frame.peers);
        this.#tellMedia();
        return this.#switched(frame.fermata);
      case "joined": return this.peers?.joined(frame);
      case "media": return this.peers?.media(frame);
      case "gone": return this.peers?.gone(frame.peer);
      case "left": return this.peers?.left(frame.peer);
      case "signal": return this.peers?.signal(frame.from, frame.data);
      case "fermata": return this.#switched(frame.on);
      case "ended": return this.#ended();
    }
  }

  /** @param {boolean} on */
  #switched(on) {
    this.fermata = on;
    showSwitch(on);
    if (!on) this.embed.hide();
    else if (this.line) this.embed.show();
  }

  #ended() {
    if (this.view === "over") return;
    this.#hangUp({ leave: false });
    this.after("over");
  }

  #tellMedia() {
    this.line?.send({ type: "media", ...this.devices.sends });
  }

  /** @param {{leave: boolean}} how */
  #hangUp(how) {
    this.line?.close(how);
    this.line = null;
    this.peers?.close();
    this.peers = null;
    this.scene.clear();
    this.devices.close();
    this.controls.line(true);
  }

  /** @param {string} words */
  #shut(words) {
    this.#hangUp({ leave: false });
    this.embed.hide();
    say(words);
  }
}

addEventListener("hashchange", () => location.reload());
enter().then(
  (entry) => (entry.page === "record" ? say("This link opens the page of what is stored.") : new CallPage(entry)),
  (problem) => say(problem instanceof Refused && problem.status === 401 ? "Open the link that you were given." : "The sandbox does not answer. Load this page again."),
);
