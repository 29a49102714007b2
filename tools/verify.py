#!/usr/bin/env python3
"""Checks a bundle of a ledger offline, as docs/proof-format.md says. Needs nothing but Python 3.8 and its standard library."""
import argparse, base64, hashlib, json, os, re, sys

# Ed25519 (RFC 8032, 5.1): a point is (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(n, p):
    q = (0, 1, 1, 0)
    while n > 0:
        q, p, n = add(p, q) if n & 1 else q, add(p, p), n >> 1
    return q
def point(data):
    """The point that 32 bytes stand for; None when there is none."""
    sign, y = data[31] >> 7, int.from_bytes(data, 'little') & (2**255 - 1)
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * ROOT % P
    if y >= P or (x * x - x2) % P != 0 or (x == 0 and sign == 1):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P
BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, 'little'))

def is_signed(public, message, signature):
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], 'little')
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), 'little') % L
    left, right = times(s, BASE), add(r, times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0

# Canonical JSON (RFC 8785).
ESCAPED = re.compile('[\x00-\x1f"\\\\\ud800-\udfff]')
SHORT = {'"': '\\"', '\\': '\\\\', '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r'}
def canonical(value):
    """@raise ValueError for a number that no leaf holds: neither whole and below 2^53, nor a plain fraction"""
    if isinstance(value, str):
        return '"' + ESCAPED.sub(lambda m: SHORT.get(m[0]) or '\\u%04x' % ord(m[0]), value) + '"'
    if value is None or isinstance(value, bool):
        return {None: 'null', True: 'true', False: 'false'}[value]
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value)
    if isinstance(value, float) and 1e-6 <= abs(value) < 1e15 and value != int(value):
        return repr(value)
    if isinstance(value, (int, float)):
        raise ValueError(value)
    if isinstance(value, list):
        return '[' + ','.join(map(canonical, value)) + ']'
    names = sorted(value, key=lambda name: name.encode('utf-16-be', 'surrogatepass'))
    return '{' + ','.join(canonical(name) + ':' + canonical(value[name]) for name in names) + '}'

def parsed(text):
    """The value of a canonical JSON text; None for any other text."""
    try:
        value = json.loads(text)
        return value if canonical(value) == text else None
    except (ValueError, RecursionError):
        return None

# Merkle trees (RFC 6962, RFC 9162).
def sha(*parts):
    return hashlib.sha256(b''.join(parts)).digest()
def hashes_in(text):
    """A proof's hashes; one that leads nowhere where the text is none."""
    is_proof = isinstance(text, str) and re.fullmatch(r'([0-9a-f]{64})*', text)
    return [bytes.fromhex(text[i:i + 64]) for i in range(0, len(text), 64)] if is_proof else [b'']

def climbed(leaf, index, size, proof):
    """The root to which an inclusion proof leads from a leaf; another hash where it is too short or too long."""
    if size == 1 or not proof:
        return leaf if size == 1 and not proof else b''
    left = 1 << (size - 1).bit_length() - 1
    if index < left:
        return sha(b'\1', climbed(leaf, index, left, proof[:-1]), proof[-1])
    return sha(b'\1', proof[-1], climbed(leaf, index - left, size - left, proof[:-1]))

def grown(old, new, proof, known):
    """(root of the older tree, root of the newer one) to which a consistency proof leads; `known` is the older root where it is a node."""
    if old == new or not proof:
        node = known if known is not None and not proof else proof[0] if known is None and len(proof) == 1 else b''
        return (node, node) if old == new else (b'', b'')
    left = 1 << (new - 1).bit_length() - 1
    before, after = grown(old, left, proof[:-1], known) if old <= left else grown(old - left, new - left, proof[:-1], None)
    return (before, sha(b'\1', after, proof[-1])) if old <= left else (sha(b'\1', proof[-1], before), sha(b'\1', proof[-1], after))

def push(frontier, size, leaf):
    """Adds a leaf to the roots of the perfect subtrees of a tree of `size` leaves."""
    while size & 1:
        leaf, size = sha(b'\1', frontier.pop(), leaf), size >> 1
    frontier.append(leaf)
def root_of(frontier):
    root = frontier[-1] if frontier else sha(b'')
    for left in reversed(frontier[:-1]):
        root = sha(b'\1', left, root)
    return root

# Notes.
def from_base64(text):
    data = base64.b64decode(text) if len(text) % 4 == 0 else b''
    return data if base64.b64encode(data).decode() == text else b''

class Key:
    def __init__(self, text):
        form = re.fullmatch(r'([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})', text.strip())
        data = from_base64(form[3]) if form else b''
        self.is_key = len(data) == 33 and data[0] in (1, 4) and sha(form[1].encode() + b'\n' + data).hex()[:8] == form[2]
        self.name, self.id, self.type, self.public = (form[1], form[2], data[0], data[1:]) if self.is_key else ('', '', 0, b'')
    def has_signed(self, text, data):
        if self.type == 1:
            return len(data) == 68 and is_signed(self.public, text.encode(), data[4:])
        time = int.from_bytes(data[4:12], 'big')
        return len(data) == 76 and is_signed(self.public, f'cosignature/v1\ntime {time}\n{text}'.encode(), data[12:])
    def open(self, note):
        """The text of a note that the key has signed; else an empty one."""
        end = (note or '').rfind('\n\n')
        if end < 0 or not note.endswith('\n'):
            return ''
        forms = [re.fullmatch('\u2014 ([^+\\s]+) ([A-Za-z0-9+/]+={0,2})', line) for line in note[end + 2:-1].split('\n')]
        signatures = [(form[1], from_base64(form[2])) for form in forms if form]
        if not len(forms) == len(signatures) <= 64 or any(len(data) < 5 for _, data in signatures):
            return ''
        own = [data for name, data in signatures if name == self.name and data[:4].hex() == self.id]
        return note[:end + 1] if any(self.has_signed(note[:end + 1], data) for data in own) else ''
    def checkpoint(self, note):
        """(origin, size, root, genesis) of a checkpoint that the key has signed; None for anything else."""
        form = re.fullmatch(r'([^\n+\s]+)\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/]{43}=)\ngenesis ([0-9a-f]{64})\n', self.open(note))
        root = from_base64(form[3]) if form else b''
        return (form[1], int(form[2]), root, form[4]) if root and form[1] == self.name else None

def manifest_in(text):
    head = r'(\S+)/manifest\n(ledger|programme|decision) (\S+)\ncheckpoint ([0-9]{1,15}) ([0-9a-f]{64})\nevents ([0-9]{1,15}) ([0-9a-f]{64})\n'
    form = re.match(head, text)
    lines = text[form.end():].split('\n')[:-1] if form else []
    streams = [re.fullmatch(r'stream (\S+) ([0-9]{1,15}) (head|part)', line) for line in lines]
    files = [re.fullmatch(r'file ([A-Za-z0-9_./-]+) ([0-9a-f]{64})', line) for line in lines]
    if not form or any(not a and not b for a, b in zip(streams, files)):
        return None
    return {'of': form.groups()[:5], 'sha256': form[7], 'streams': {m[1]: int(m[2]) for m in streams if m}, 'files': [m.groups() for m in files if m]}

class Check:
    def __init__(self, folder):
        self.folder, self.faults, self.valid, self.end = folder, [], 0, ('-', '-')
    def fault(self, code, about):
        if len(self.faults) < 100:
            self.faults.append(f'FAULT {code} {about}')
    def read(self, name):
        if os.path.isfile(os.path.join(self.folder, name)):
            return text_of(os.path.join(self.folder, name))
        self.fault('file-missing', name)
    def hash_is(self, name, expected):
        digest = hashlib.sha256()
        with open(os.path.join(self.folder, name), 'rb') as file:
            for part in iter(lambda: file.read(1 << 20), b''):
                digest.update(part)
        if digest.hexdigest() != expected:
            self.fault('file-altered', name)
    def run(self, key, note):
        text = self.read('bundle.json')
        about = parsed(text[:-1]) if text and text.endswith('\n') else None
        if not (isinstance(about, dict) and about.get('format') == 'tower-ledger-bundle/1' and isinstance(about.get('key'), str)
                and isinstance(about.get('genesis'), dict)):
            return text is not None and self.fault('file-malformed', 'bundle.json')
        for text in [about['key'], about['key'] if key is None else key]:
            if not Key(text).is_key:
                return self.fault('key-malformed', text[:80].strip())
        own, given = Key(about['key']), Key(about['key'] if key is None else key)
        if (own.name, own.id) != (given.name, given.id):
            self.fault('key-differs', own.name)
        text = self.read('checkpoint')
        checkpoint = given.checkpoint(text)
        if not checkpoint:
            return text is not None and self.fault('note-invalid', 'checkpoint')
        origin, size, root, genesis = checkpoint
        self.end = (size, root.hex())
        if sha(canonical(about['genesis']).encode()).hex() != genesis:
            self.fault('genesis-altered', origin)
        text = self.read('manifest')
        manifest = manifest_in(given.open(text))
        if not manifest or manifest['of'] != (origin, about.get('kind'), about.get('of'), str(size), root.hex()):
            manifest = text is not None and self.fault('note-invalid', 'manifest')
        older = self.older(given, checkpoint)
        if note is not None:
            older += self.kept(given.checkpoint(note), checkpoint, older)
        self.events(about, checkpoint, manifest, older)
        for path, digest in manifest['files'] if manifest else []:
            if '..' in path or not os.path.isfile(os.path.join(self.folder, path)):
                self.fault('file-missing', path)
            else:
                self.hash_is(path, digest)
    def older(self, key, checkpoint):
        name, notes = 'older-checkpoints.jsonl', []
        text = self.read(name) or ''
        if text and not text.endswith('\n'):
            self.fault('file-malformed', name)
        for line in filter(None, text.split('\n')):
            value = parsed(line)
            if not (isinstance(value, dict) and sorted(value) == ['note', 'proof'] and all(isinstance(v, str) for v in value.values())):
                self.fault('file-malformed', name)
                continue
            note = key.checkpoint(value['note'])
            if note and 1 <= note[1] <= checkpoint[1] and (note[2], checkpoint[2]) == grown(note[1], checkpoint[1], hashes_in(value['proof']), note[2]):
                notes.append(note)
            else:
                self.fault('consistency-invalid' if note else 'note-invalid', note[1] if note else name)
        return notes
    def kept(self, note, checkpoint, older):
        if not note:
            self.fault('note-invalid', 'the kept note')
        elif note[1] > checkpoint[1]:
            self.fault('rolled-back', note[1])
        elif note[3] != checkpoint[3]:
            self.fault('genesis-altered', note[0])
        elif any(note[1] == other[1] and note[2] != other[2] for other in [checkpoint, *older]):
            self.fault('history-rewritten', note[1])
        return [note] if note else []
    def line(self, text, source):
        """(data, attributes, leaf, whether the attributes are those of the data); None when the line is malformed."""
        value = parsed(text[:-1]) if text.endswith('\n') else None
        data = value.pop('data', None) if isinstance(value, dict) else None
        if not (isinstance(data, dict) and isinstance(data.get('stream'), str) and type(data.get('revision')) is int
                and type(value.get('leafindex')) is int and value['leafindex'] >= 0 and isinstance(value.get('leafhash'), str)):
            return None
        metadata = data.get('metadata') if isinstance(data.get('metadata'), dict) else {}
        fields = {'id': data.get('id'), 'type': data.get('type'), 'subject': data['stream'], 'specversion': '1.0', 'source': source,
                  'time': metadata.get('recordedAt'), 'datacontenttype': 'application/json',
                  **{name: value[name] for name in ('leafindex', 'leafhash', 'inclusion') if name in value}}
        return data, value, sha(b'\0' + canonical(data).encode()), fields == value
    def follows(self, heads, stream, last):
        if heads.get(stream, -1) != last:
            self.fault('stream-incomplete', f'{stream}, revision {heads.get(stream, -1) + 1}')
    def events(self, about, checkpoint, manifest, notes):
        path = os.path.join(self.folder, 'events.jsonl')
        if not os.path.isfile(path):
            return self.fault('file-missing', 'events.jsonl')
        whole, size, root = about.get('kind') == 'ledger', checkpoint[1], checkpoint[2]
        source = 'urn:tower-ledger:' + str(about['genesis'].get('ledgerId'))
        tree, leaves, roots, heads, following, sound = [], 0, {note[1]: b'' for note in notes}, {}, 0, True
        with open(path, encoding='utf-8', errors='replace', newline='\n') as lines:
            for n, text in enumerate(lines, 1):
                data, value, leaf, is_envelope = self.line(text, source) or (None, None, None, None)
                if data is None:
                    sound = self.fault('line-malformed', f'line {n}')
                    continue
                index, proof = value['leafindex'], hashes_in(value.get('inclusion'))
                code = ('event-altered' if value['leafhash'] != leaf.hex() else 'envelope-altered' if not is_envelope
                        else 'order-altered' if index < following
                        else 'proof-invalid' if not whole and (index >= size or climbed(leaf, index, size, proof) != root) else None)
                if whole and not code and index > following:
                    sound = self.fault('events-missing', f'events {following} to {index - 1}')
                if code:
                    sound = self.fault(code, f'event {index} ({data["stream"]}, revision {data["revision"]})')
                if whole and sound:
                    push(tree, leaves, leaf)
                    leaves += 1
                    if leaves in roots:
                        roots[leaves] = root_of(tree)
                following = max(following, index + 1)
                if not code and not whole:
                    self.follows(heads, data['stream'], data['revision'] - 1)
                    heads[data['stream']] = data['revision']
                self.valid += not code
        if whole and following < size:
            self.fault('events-missing', f'events {following} to {size - 1}')
        elif whole and sound and (leaves != size or root_of(tree) != root):
            agreed = max([note[1] for note in notes if roots[note[1]] == note[2]], default=0)
            until = min([note[1] for note in notes if note[1] > agreed and roots[note[1]] != note[2]], default=leaves)
            self.fault('root-differs', f'events {agreed} to {until - 1}')
        for note in notes if whole and sound else []:
            if note[1] <= leaves and roots[note[1]] != note[2]:
                self.fault('history-rewritten', note[1])
        said = manifest['streams'] if manifest and not whole else {}
        for stream, last in said.items():
            self.follows(heads, stream, max(last, heads.get(stream, -1)))
        for stream, head in heads.items() if manifest else []:
            if head > said.get(stream, -1):
                self.fault('stream-unlisted', f'{stream}, revision {head}')
        if manifest:
            self.hash_is('events.jsonl', manifest['sha256'])

def text_of(path):
    with open(path, 'rb') as file:
        return file.read().decode('utf-8', 'replace')

if __name__ == '__main__':
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument('folder', help='of the bundle')
    options.add_argument('--key', help='the public key, or a file with it, that came another way')
    options.add_argument('--note', help='a file with a signed checkpoint that was kept elsewhere')
    given = options.parse_args()
    check = Check(given.folder)
    check.run(text_of(given.key) if given.key and os.path.isfile(given.key) else given.key, given.note and text_of(given.note))
    print(*check.faults, f'{check.valid} events are valid; checkpoint of {check.end[0]}, root {check.end[1]}', sep='\n')
    sys.exit(bool(check.faults))
