// Something to be done after a while, which may be called off.

/** Calls back after so many milliseconds. Returns how to stop it. */
export function later(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => {
    clearTimeout(timer);
  };
}
