/** How a notice calls somebody who looks elsewhere: a soft tone, the tab's title, a short vibration. In memory only. */
let audio = null;
let soundOn = true;
let prefix = "";

export const hearing = () => soundOn;

export function hear(on) {
  soundOn = on;
}

/** Two low notes that come and go slowly; never a signal of alarm. */
export function tone(loud) {
  if (!soundOn || !globalThis.AudioContext) return;
  audio ??= new AudioContext();
  audio.resume();
  [294, 392].forEach((pitch, index) => {
    const start = audio.currentTime + index * 0.28;
    const [note, level] = [audio.createOscillator(), audio.createGain()];
    note.frequency.value = pitch;
    level.gain.setValueAtTime(0, start);
    level.gain.linearRampToValueAtTime(loud ? 0.14 : 0.05, start + 0.12);
    level.gain.exponentialRampToValueAtTime(0.0001, start + 0.9);
    note.connect(level).connect(audio.destination);
    note.start(start);
    note.stop(start + 1);
  });
}

/** Marks the tab while something is unseen; with empty words the page's own title is back. */
export function markTab(words) {
  if (prefix && document.title.startsWith(prefix)) document.title = document.title.slice(prefix.length);
  prefix = words;
  if (words) document.title = words + document.title;
}
