import { backoff } from "./clock.js";

/** Trades a token for an overlay token. Null: refused. Throws when the service cannot be reached or answers something else. */
async function exchange(service, token) {
  const answer = await fetch(`${service}/v1/overlay-tokens`, {
    method: "POST", body: JSON.stringify({ token }), redirect: "error", credentials: "omit", signal: AbortSignal.timeout(8000),
  });
  if (answer.status === 401) return null;
  const given = answer.ok ? await answer.json() : {};
  if (typeof given.token !== "string") throw new Error("no overlay token");
  return given;
}

/** Who this browser is to the service. Tokens stay in memory; the newest is kept. */
export class Pass {
  /** @type {string | null} */
  token = null;
  role = "";
  #renewing = null;

  /** @param {string} service origin  @param {() => string} hostToken the host's participant token, as it is now */
  constructor(service, hostToken) {
    this.service = service;
    this.hostToken = hostToken;
  }

  /** Gets a new token for the last one, or, when that is not taken, for the host's. One request at a time. @returns {Promise<boolean>} */
  renew() {
    this.#renewing ??= this.#renew().finally(() => { this.#renewing = null; });
    return this.#renewing;
  }

  async #renew() {
    for (const token of [this.token, this.hostToken()]) {
      const given = token && await exchange(this.service, token).catch(() => null);
      if (given) {
        this.token = given.token;
        this.role = given.role;
        return true;
      }
    }
    return false;
  }

  /** Tries until there is a token, or until `stopped()` says so. */
  async obtain(stopped) {
    for (let n = 0; !stopped(); n += 1) {
      if (await this.renew()) return true;
      await new Promise((later) => setTimeout(later, 250 + backoff(n, 10000)));
    }
    return false;
  }
}
