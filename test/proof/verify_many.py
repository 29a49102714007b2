"""Runs tools/verify.py with the arguments of each line of standard input, as `python3 tools/verify.py` would, without starting Python each time."""
import contextlib, io, json, os, sys

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'tools', 'verify.py')
with open(path, encoding='utf-8') as file:
    program = compile(file.read(), path, 'exec')
for line in sys.stdin:
    sys.argv = [path, *json.loads(line)]
    out, said, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        try:
            exec(program, {'__name__': '__main__', '__file__': path})
        except SystemExit as end:
            status = int(end.code or 0)
    print(json.dumps({'stdout': out.getvalue(), 'stderr': said.getvalue(), 'status': status}), flush=True)
