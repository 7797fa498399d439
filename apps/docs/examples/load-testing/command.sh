# As fast as 50 connections can, 500 requests in all.
manyload -n 500 -c 50 http://127.0.0.1:3000/fast

# 200 requests a second, come what may; exit code 1 unless the budget holds.
manyload -R 200 -d 2s --threshold 'p99 < 10s' --threshold 'failed < 1%' http://127.0.0.1:3000/fast

# Nine of ten requests go to the first address.
manyload -n 100 9:http://127.0.0.1:3000/fast 1:http://127.0.0.1:3000/

# The report for a program, alone on stdout.
manyload -n 100 --json http://127.0.0.1:3000/fast > report.json
