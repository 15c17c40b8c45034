/* What the telephone's loudspeaker and microphone do. */

import { sleep } from "./page.js";

const RATE = 8000; // Hz, as a telephone has
const LOW = { 1: 697, 2: 697, 3: 697, 4: 770, 5: 770, 6: 770, 7: 852, 8: 852, 9: 852, "*": 941, 0: 941, "#": 941 };
const HIGH = { 1: 1209, 4: 1209, 7: 1209, "*": 1209, 2: 1336, 5: 1336, 8: 1336, 0: 1336, 3: 1477, 6: 1477, 9: 1477, "#": 1477 };
const UNPLAYABLE = 1500; // ms that a caption stands where no sound can be heard

export class Sound {
  constructor() {
    this.audio = new Audio();
    this.audio.preload = "auto";
    this.muted = false;
  }

  mute(is) {
    this.muted = this.audio.muted = is;
  }

  /** Jump to the end of what is played. */
  skip() {
    this.stop?.();
  }

  /** Plays to the end, or until the signal. Resolves also where it cannot be played. */
  async play(url, signal) {
    if (signal.aborted) return;
    const ended = new Promise((resolve) => {
      this.stop = resolve;
      this.audio.onended = resolve;
      this.audio.onerror = resolve;
      signal.addEventListener("abort", resolve, { once: true });
    });
    this.audio.src = url;
    try {
      await this.audio.play();
    } catch {
      if (!signal.aborted) await Promise.race([ended, sleep(UNPLAYABLE, signal)]);
    }
    if (!this.audio.error) await ended;
    this.audio.pause();
    this.stop = null;
  }

  tone(frequencies, seconds) {
    if (this.muted) return;
    try {
      this.context ??= new AudioContext();
      const gain = this.context.createGain();
      gain.gain.value = 0.06;
      gain.connect(this.context.destination);
      for (const hertz of frequencies) {
        const source = this.context.createOscillator();
        source.frequency.value = hertz;
        source.connect(gain);
        source.start();
        source.stop(this.context.currentTime + seconds);
      }
    } catch {
      /* no loudspeaker */
    }
  }

  key(key) {
    this.tone([LOW[key], HIGH[key]], 0.12);
  }

  ring() {
    this.tone([425], 0.8);
  }

  beep() {
    this.tone([1000], 0.25);
  }
}

/** The microphone, or null where there is none or it is not allowed. */
export async function microphone() {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    const recorder = new MediaRecorder(stream);
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.start();
    const began = performance.now();
    return {
      /** {wav, seconds} */
      async stop() {
        const stopped = new Promise((resolve) => (recorder.onstop = resolve));
        recorder.stop();
        await stopped;
        stream.getTracks().forEach((track) => track.stop());
        return { wav: await asWav(new Blob(parts)), seconds: (performance.now() - began) / 1000 };
      },
    };
  } catch {
    return null;
  }
}

async function asWav(blob) {
  const context = new OfflineAudioContext(1, 1, RATE);
  const sound = await context.decodeAudioData(await blob.arrayBuffer()); // resampled to the context's rate
  return wav(sound.getChannelData(0));
}

/** A tone in place of a voice: two seconds. */
export function sample() {
  const wave = new Float32Array(2 * RATE);
  for (let n = 0; n < wave.length; n += 1) wave[n] = 0.2 * Math.sin((2 * Math.PI * 440 * n) / RATE) * (n % RATE < RATE / 2 ? 1 : 0);
  return { wav: wav(wave), seconds: 2 };
}

/** Samples of -1…1 → 16-bit PCM, mono, 8 kHz. */
export function wav(samples) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const write = (at, text) => [...text].forEach((c, n) => view.setUint8(at + n, c.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, 1, true); // mono
  view.setUint32(24, RATE, true);
  view.setUint32(28, 2 * RATE, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, n) => view.setInt16(44 + 2 * n, Math.round(32767 * Math.max(-1, Math.min(1, value))), true));
  return new Blob([view], { type: "audio/wav" });
}
