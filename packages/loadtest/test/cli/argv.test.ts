import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"

import * as Argv from "../../src/cli/argv.ts"

const read = (line: string): ReadonlyArray<string> | string => {
  const result = Argv.read(line.split(" ").filter((word) => word !== ""))
  return Result.isFailure(result) ? result.failure : result.success.args
}

const url = "http://127.0.0.1:3000/"

describe("argv", () => {
  it("takes numbers attached to their letters, but leaves everything else alone", () => {
    assert.deepStrictEqual(
      read("-n500 -c50 -d10s -w2 -R5k -5 -k --n5"),
      "-n 500 -c 50 -d 10s -w 2 -R 5k -5 -k --n5".split(" "),
    )
  })

  it("lets texts and headers begin with a dash", () => {
    assert.deepStrictEqual(read("-b --x -H -y --expect-body -z --body=-w -b"), [
      "-b=--x",
      "-H=-y",
      "--expect-body=-z",
      "--body=-w",
      "-b",
    ])
  })

  it("keeps the command after -- apart", () => {
    assert.deepStrictEqual(
      Argv.read(["--on-port", "--", "node", "-n5", "--", "x"]),
      Result.succeed({ args: ["--on-port"], command: ["node", "-n5", "--", "x"] }),
    )
    assert.deepStrictEqual(
      Argv.read(["--on-port"]),
      Result.succeed({ args: ["--on-port"], command: undefined }),
    )
  })

  it.prop("loses no word of a command line", [Schema.Array(Schema.String)], ([words]) => {
    const result = Argv.read(["first", ...words])
    if (Result.isFailure(result)) return assert.fail(result.failure)
    const { args, command } = result.success
    const all = [...args, ...(command === undefined ? [] : ["--", ...command])]
    return assert.strictEqual(
      all.join("").replaceAll("=", ""),
      `first${words.join("")}`.replaceAll("=", ""),
    )
  })
})

const abDefaults = ["--requests=1", "--connections=1", "--timeout=30s", "--no-keepalive"]

describe("ab", () => {
  it.each<[string, ReadonlyArray<string>]>([
    [`ab ${url}`, [...abDefaults, url]],
    ["ab 127.0.0.1:3000/", [...abDefaults, url]],
    [`ab -n 100 -c 10 -k ${url}`, ["--requests=100", "--connections=10", "--timeout=30s", url]],
    [`ab -kn100 -c10 -s5 ${url}`, ["--requests=100", "--connections=10", "--timeout=5s", url]],
    [
      `ab -t 5 -k ${url}`,
      ["--requests=50000", "--duration=5s", "--connections=1", "--timeout=30s", url],
    ],
    [
      `ab -k -p body.json -T application/json ${url}`,
      [
        ...abDefaults.slice(0, 3),
        "--method=POST",
        "--body-file=body.json",
        "--content-type=application/json",
        url,
      ],
    ],
    [
      `ab -k -u body.txt ${url}`,
      [
        ...abDefaults.slice(0, 3),
        "--method=PUT",
        "--body-file=body.txt",
        "--content-type=text/plain",
        url,
      ],
    ],
    [`ab -k -i ${url}`, [...abDefaults.slice(0, 3), "--method=HEAD", url]],
    [`ab -k -m DELETE ${url}`, [...abDefaults.slice(0, 3), "--method=DELETE", url]],
    [
      `ab -k -H A:1 -H B:2 -C a=1 -C b=2 -A user:pass ${url}`,
      [
        ...abDefaults.slice(0, 3),
        "--header=A:1",
        "--header=B:2",
        "--header=Cookie: a=1; b=2",
        "--header=Authorization: Basic dXNlcjpwYXNz",
        url,
      ],
    ],
    [
      `ab -klrdSq -v 4 -e out.csv -E me.pem ${url}`,
      [
        ...abDefaults.slice(0, 3),
        "--cert=me.pem",
        "--key=me.pem",
        "--csv",
        "--out=out.csv",
        "--no-progress",
        url,
      ],
    ],
    ["ab -h", ["--help"]],
    ["ab -V", ["--version"]],
  ])("reads %s", (line, args) => {
    assert.deepStrictEqual(read(line), args)
  })

  it.each([
    ["ab -X proxy:1 http://a/", "ab's -X (a proxy) has no counterpart here"],
    ["ab -g x http://a/", "ab's -g (a gnuplot file) has no counterpart here: try --csv=series"],
    ["ab -j http://a/", "-j is not a flag of ab"],
    ["ab http://a/ -n", "-n needs a value: how many requests"],
    ["ab --json http://a/", "--json is not a flag of ab"],
  ])("refuses %s", (line, sentence) => {
    assert.strictEqual(read(line), sentence)
  })
})

describe("artillery quick", () => {
  it.each<[string, ReadonlyArray<string>]>([
    [`quick --count 10 -n 20 ${url}`, ["--requests=200", "--connections=10", url]],
    [`-quick --count 10 -n 20 ${url}`, ["--requests=200", "--connections=10", url]],
    [`--quick --count=3 --num=4 ${url}`, ["--requests=12", "--connections=3", url]],
    [`quick ${url}`, ["--requests=100", "--connections=10", url]],
    [`quick -r 5 -d 60 -n 2 ${url}`, ["--rate=10", "--duration=60s", url]],
    [
      `quick -c 1 -n 1 -k -q -o out.json -t text/plain ${url}`,
      [
        "--requests=1",
        "--connections=1",
        "--out=out.json",
        "--content-type=text/plain",
        "--insecure",
        "--quiet",
        url,
      ],
    ],
    ["quick --help", ["--help"]],
  ])("reads %s", (line, args) => {
    assert.deepStrictEqual(read(line), args)
  })

  it.each([
    [`quick -c x ${url}`, '--count must be a whole number of at least 1, got "x"'],
    [`quick -n 0 ${url}`, '--num must be a whole number of at least 1, got "0"'],
    [`quick --rps 5 ${url}`, "--rps is not a flag of artillery quick"],
  ])("refuses %s", (line, sentence) => {
    assert.strictEqual(read(line), sentence)
  })
})
