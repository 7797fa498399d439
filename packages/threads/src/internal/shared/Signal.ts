/**
 * How threads sleep and wake each other: one word, whose lowest bit says that somebody may sleep and
 * whose other bits count the wakes. Everything that waits in shared memory follows one recipe:
 *
 *     look; ticket = prepare(); look again; sleep until the word is not the ticket; look
 *
 * Who changes what the others look for calls `wake` afterwards. It either finds the bit and changes the
 * word, so that a sleeper with that ticket wakes; or it finds no bit, and then the sleeper's second look
 * comes after the change. So no wake-up is lost. `wake` wakes all: a sleeper that was killed, or gave
 * up, can never have taken a wake-up that was meant for another.
 */

const SLEEPERS = 1

export const prepare = (words: Int32Array, at: number): number =>
  Atomics.or(words, at, SLEEPERS) | SLEEPERS

export const wake = (words: Int32Array, at: number): void => {
  const word = Atomics.load(words, at)
  // Adding one clears the bit and counts. Who loses the exchange lost it to another wake, which came
  // after its own change: that one's sleepers see both.
  if (
    (word & SLEEPERS) !== 0 &&
    Atomics.compareExchange(words, at, word, (word + 1) | 0) === word
  ) {
    Atomics.notify(words, at)
  }
}

/** For a thread that died between the two steps of `wake`. */
export const wakeAnyway = (words: Int32Array, at: number): void => {
  Atomics.add(words, at, 2)
  Atomics.notify(words, at)
}
