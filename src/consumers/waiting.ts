/** One who has nothing to do for a while, and whom others may call. */
export interface Rest {
  /** Ends the wait; called while nobody waits, the next one. */
  wake(): void;
  /** Resolves after so long, or once woken. */
  wait(ms: number): Promise<void>;
}

export function createRest(): Rest {
  let isWoken = false;
  let end = (): void => {};
  return {
    wake() {
      isWoken = true;
      end();
    },
    async wait(ms) {
      if (!isWoken)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      isWoken = false;
    },
  };
}

/** Resolves with the work or once told to stop, whichever is first. Unlike a race it leaves nothing behind at the signal. */
export function endOf(work: Promise<void>, stop: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onStop = (): void => resolve();
    const over = (): void => stop.removeEventListener('abort', onStop);
    stop.addEventListener('abort', onStop, { once: true });
    work.finally(over).then(resolve, reject);
  });
}

/** Waits for work that goes on by itself if it takes longer. */
export async function atMost(work: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
