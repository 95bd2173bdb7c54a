/** Whether the process still does what it is there for; if not, only a new one helps. */
export interface Liveness {
  readonly isAlive: boolean;
  /** What was seen last, or what is wrong. */
  readonly why: string;
}

/** One of the things that work needs. */
export interface ReadinessCheck {
  /** What is checked, such as `redis`. */
  readonly name: string;
  readonly ok: boolean;
  readonly why: string;
}
