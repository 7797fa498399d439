import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"

import { manyload } from "../fixtures/manyload.ts"

const how = " (manyload --help shows how)"

const wrong: ReadonlyArray<readonly [call: string, sentence: string]> = [
  ["", "URL is missing: try manyload -n 500 -c 50 http://127.0.0.1:3000/fast"],
  ["nonsense", 'URL must start with http:// or https://: try http://nonsense, got "nonsense"'],
  [
    "http://u:secret@[",
    'URL must be an http:// or https:// address with a port up to 65535, such as http://127.0.0.1:3000/, got "http://u:***@["',
  ],
  ["http://a/ 2:b", 'URL must start with http:// or https://: try http://b, got "b"'],
  ["-c 0 http://a/", "--connections must be a whole number from 1 to 65535, got 0"],
  ["-n x http://a/", `--requests must be a whole number, got "x"${how}`],
  ["-n 1.5 http://a/", `--requests must be a whole number, got "1.5"${how}`],
  ["http://a/ -n", `--requests needs a value${how}`],
  ["-n 5 -n 6 http://a/", `--requests is there 2 times: give it once${how}`],
  ["--conections 5 http://a/", `--conections is not a flag of manyload: try --connections${how}`],
  [
    "-t 5 http://a/",
    `-t is not a flag of manyload: -d 10s limits the time, --timeout one request, -w gives threads${how}`,
  ],
  ["-d soon http://a/", '--duration must be a time such as 10s, 500ms or 2m, got "soon"'],
  ["-d 0 http://a/", '--duration must be at least 1ms, got "0"'],
  ["--timeout 0 http://a/", '--timeout must be at least 1ms, got "0"'],
  [
    "0:http://a/ 1:http://b/",
    'the weight in front of a URL must be a whole number of at least 1, got "0:http://a/"',
  ],
  [
    "1.5:http://a/",
    'the weight in front of a URL must be a whole number of at least 1, got "1.5:http://a/"',
  ],
  [
    "-p 2 --no-keepalive http://a/",
    "--pipelining and --no-keepalive exclude each other: a connection of one request has no line",
  ],
  [
    "--insecure http://a/",
    "TLS (--insecure, --ca, --cert, --key) needs an address that starts with https://",
  ],
  ["-H x http://a/", '--header must look like "Accept: text/plain", got "x"'],
  [
    "-m BREW http://a/",
    '--method must be one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, got "BREW"',
  ],
  [
    "-R fast http://a/",
    '--rate must be a number of requests per second such as 200 or 5k, got "fast"',
  ],
  ["--stages 5 http://a/", '--stages must be a list of time:rate such as 30s:100,1m:1000, got "5"'],
  ["--arrivals late http://a/", '--arrivals must be constant or poisson, got "late"'],
  [
    "--expect-status ok http://a/",
    '--expect-status must be a list of statuses such as 200,404,3xx, got "ok"',
  ],
  [
    "--threshold fast http://a/",
    '--threshold must look like "p99 < 200ms", "failed < 1%" or "rate >= 99%", got "fast"',
  ],
  ["--json --csv http://a/", "--json and --csv exclude each other: choose one"],
  ["--csv=all http://a/", `--csv must be summary or series, got "all"${how}`],
  [
    "--out /nowhere/report.json http://a/",
    "--out /nowhere/report.json cannot be written: there is no such file or folder",
  ],
  [
    "--body-file /nowhere/body http://a/",
    "--body-file /nowhere/body cannot be read: there is no such file or folder",
  ],
  ["--body-file / http://a/", "--body-file / cannot be read: it is a folder"],
  ["--on-port", "--on-port needs a server: --on-port -- node server.js"],
  [
    "http://a/ -- node server.js",
    "a server after -- needs --on-port: manyload --on-port -- node server.js",
  ],
  ["ab -X proxy http://a/", "ab's -X (a proxy) has no counterpart here"],
  ["-quick -n many http://a/", '--num must be a whole number of at least 1, got "many"'],
  ["find http://a/", "find needs to know what must hold: try --p99 200ms"],
  ["find --p99 fast http://a/", '--p99 must be a time such as 10s, 500ms or 2m, got "fast"'],
  ["find --p99 1s --precision 0 http://a/", '--precision must be a share such as 5%, got "0"'],
  [
    "find --p99 1s --min-rate 5 --max-rate 4 http://a/",
    "--min-rate must be above 0 and not above the highest rate (4), got 5",
  ],
  ["find --p99 1s --from 0 http://a/", "--from must be a rate above 0, got 0"],
  ["find --p99 1s --probe 0 http://a/", '--probe must be at least 1ms, got "0"'],
  [
    "find --p99 1s -R 5 http://a/",
    `-R is not a flag of manyload find: the search chooses it; --from gives the first rate, --probe the time of each${how}`,
  ],
  ["-j http://a/", `-j is not a flag of manyload${how}`],
  ["serve --port 70000", "--port must be from 0 to 65535, got 70000"],
  ["serve --port x", `--port must be a whole number, got "x"${how}`],
  ["serve --stall 1s", '--stall must be a time in each longer time such as 1s/10s, got "1s"'],
  ["serve --latnecy 1s", `--latnecy is not a flag of manyload serve: try --latency${how}`],
  ["serve here", `there is no place for "here"${how}`],
]

describe("manyload, called wrongly", () => {
  it.live(
    "says in one sentence what to do, and exits with 2",
    () =>
      Effect.forEach(
        wrong,
        ([call, sentence]) =>
          Effect.gen(function* () {
            const args = call.split(" ").filter((word) => word !== "")
            assert.deepStrictEqual(
              yield* manyload(...args),
              { code: 2, stdout: "", stderr: `manyload: ${sentence}\n` },
              call,
            )
          }).pipe(Effect.scoped),
        { concurrency: 3, discard: true },
      ),
    120_000,
  )

  it.live("does not touch the file of --out when the call is wrong", () =>
    Effect.gen(function* () {
      const folder = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "manyload-usage-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true })),
      )
      const { code, stderr } = yield* manyload("--out", folder, "http://127.0.0.1:1/")
      assert.strictEqual(code, 2)
      assert.strictEqual(stderr, `manyload: --out ${folder} cannot be written: it is a folder\n`)
    }),
  )
})

describe("manyload --help", () => {
  it.live("explains every flag, with examples, on stdout", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* manyload("--help")
      assert.strictEqual(code, 0)
      assert.strictEqual(stderr, "")
      assert.include(stdout, "manyload -n 500 -c 50 http://127.0.0.1:3000/fast")
      const flags =
        "--requests --connections --duration --rate --rps --threads --method --header --body --body-file --content-type --no-keepalive --keepalive --pipelining --timeout --warmup --stages --arrivals --pacing --threshold --expect-status --expect-body --bail --json --csv --out --quiet --on-port"
      for (const flag of flags.split(" ")) assert.include(stdout, flag)
      for (const letter of "ncdRwmHbTkpq") assert.match(stdout, new RegExp(` -${letter}\\b`))
      assert.include(stdout, "Exit codes: 0 all is well, 1 ")
      assert.include(stdout, "manyload ab -n 1000 -c 10 -k")
      assert.include(stdout, "manyload quick --count 10 -n 20")
      assert.notInclude(stdout, "\u001B")
    }),
  )

  it.live("explains a command of its own", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* manyload("serve", "--help")
      assert.strictEqual(code, 0)
      assert.include(stdout, "manyload serve --latency 20ms --stall 1s/10s")
    }),
  )

  it.live("answers the word help too", () =>
    Effect.gen(function* () {
      assert.include((yield* manyload("help")).stdout, "manyload -n 500 -c 50")
      assert.include((yield* manyload("help", "find")).stdout, "manyload find --p99 200ms")
    }),
  )

  it.live("tells its version", () =>
    Effect.gen(function* () {
      assert.match((yield* manyload("--version")).stdout, /^manyload v\d+\.\d+\.\d+/)
    }),
  )
})
