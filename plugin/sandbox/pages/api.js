/** The page session lives here, in the memory of this page, and nowhere else. */
let session = "";

/** An answer that is not 2xx. */
export class Refused extends Error {
  /** @param {number} status 0 when there was no answer at all */
  constructor(status) {
    super(`refused with ${status}`);
    this.status = status;
  }
}

/**
 * Asks the sandbox.
 * @param {"GET" | "POST"} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 */
export async function ask(method, path, body) {
  const headers = new Headers();
  if (session) headers.set("Authorization", `Bearer ${session}`);
  if (body) headers.set("Content-Type", "application/json");
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: "omit" });
  } catch {
    throw new Refused(0);
  }
  if (!answer.ok) throw new Refused(answer.status);
  return answer.json();
}

/**
 * Exchanges the secret in the page's fragment for a page session, once per load. The fragment stays in the address, so
 * that a reload finds it; it never leaves the browser but in this one request.
 * @returns {Promise<{page: string, role: string | null, person: string, view: string, fermata: boolean}>}
 */
export async function enter() {
  const secret = location.hash.slice(1);
  if (!secret) throw new Refused(401);
  const { session: given, ...entry } = await ask("POST", "/api/entry", { secret });
  session = given;
  return entry;
}

/** The page session, for the first frame of the signalling socket. */
export const pageSession = () => session;

/** @param {string} id @returns {any} */
export const $ = (id) => document.getElementById(id);

/** @param {number} least @param {number} most milliseconds */
export const jitter = (least, most) => least + Math.random() * (most - least);
