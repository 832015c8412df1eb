/**
 * Starts a count of milliseconds that no sleep stops and no set clock turns back: the larger of the monotonic clock
 * (it stands still while a laptop sleeps) and the wall clock (it may be set).
 */
export function since() {
  const [steady, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - steady, Date.now() - wall);
}

/** A wait in milliseconds before try number `n`: full jitter, so that many browsers do not come back all at once. */
export const backoff = (n, cap) => Math.random() * Math.min(cap, 250 * 2 ** Math.min(n, 10));
