#!/usr/bin/env python3
"""Checks offline that the history of a ledger was not rewritten. It was written from the page "Proof format" alone; the steps named below
are those of its section "Checking a bundle". It needs Python 3.8 or later and nothing else, writes no file, and reaches no network."""
import argparse, base64, hashlib, io, json, os, re, sys, zipfile
LIMIT, MOST_FAULTS, MOST_OLDER, DEEPEST = 16777216, 100, 64, 100  # bytes of a text or line; faults; older notes; levels of JSON
WHOLE, HASH, PART, ORIGIN_PART = '(0|[1-9][0-9]{0,14})', '([0-9a-f]{64})', '[A-Za-z0-9_-][A-Za-z0-9_.-]*', '[!-*,-.0-~]+'
PATH, KINDS = f'{PART}(?:/{PART})*', ('ledger', 'programme', 'decision')
STREAM, FILE = f'stream ([^ ]+) {WHOLE} (head|part)', f'file ({PATH}) {HASH}'
CHECKPOINT = f'({ORIGIN_PART}/{ORIGIN_PART}/[1-9][0-9]{{0,14}})\n{WHOLE}\n([^\n]+)\ngenesis {HASH}\n'
Record = argparse.Namespace  # a key, a note, a checkpoint or a manifest, with its members by name
def need(holds):  # what reads a text raises ValueError where the text is malformed; `attempt` makes None of that
    if not holds: raise ValueError('malformed')
    return holds
def attempt(reading, errors=(ValueError, RecursionError, OSError)):
    try:
        return reading()
    except errors:
        return None
def matched(form, text): return need(isinstance(text, str)) and need(re.fullmatch(form, text)).groups()
def sha256(data): return hashlib.sha256(data).digest()
# Canonical JSON. An object keeps the order in which it was parsed, so a text is canonical where it is written again as it was.
def ordered(pairs):  # an object whose names are all different, and in the order of their UTF-16 code units
    names = [name for name, _ in pairs]
    return need(names == sorted(set(names), key=lambda name: name.encode('utf-16-be', 'surrogatepass'))) and dict(pairs)
def integer(text):  # int() refuses fractions, exponents, NaN and Infinity
    return need(len(text) <= 17 and abs(int(text)) < 2 ** 53) and int(text)
PARSER = json.JSONDecoder(object_pairs_hook=ordered, parse_int=integer, parse_float=integer, parse_constant=integer)
def is_shallow(value, levels):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inner is None or levels > 0 and all(is_shallow(one, levels - 1) for one in inner)
def written(value):  # its names are in order; surrogates without a partner, which UTF-8 cannot encode, are replaced by \udxxx
    return json.dumps(value, ensure_ascii=False, separators=(',', ':')).encode('utf-8', 'backslashreplace')
def line_of(text):  # the object that a line of canonical JSON stands for, its newline included
    value = PARSER.decode(text)
    return need(isinstance(value, dict) and is_shallow(value, DEEPEST) and written(value) + b'\n' == text.encode('utf-8')) and value
# The Merkle tree of RFC 6962, 2.1.
def node(left, right): return sha256(b'\1' + left + right)
def push(frontier, count, leaf):
    """Adds a leaf to a tree of `count` leaves, which is kept as the roots of its perfect subtrees, the largest first."""
    while count & 1: leaf, count = node(frontier.pop(), leaf), count >> 1
    frontier.append(leaf)
def root_of(frontier):
    root = frontier[-1] if frontier else sha256(b'')
    for left in reversed(frontier[:-1]): root = node(left, root)
    return root
def walked(at, last, start, proof):
    """Goes up to the root from `start`, the inner node with number `at`, as RFC 9162 says in 2.1.3.2 and 2.1.4.2. Gives the root over
    all leaves up to those of `start`, and the root over all leaves; or None where the proof is too short or too long."""
    older = newer = start
    for other in proof:
        if last == 0: return None
        if at & 1 or at == last:
            older, newer = node(other, older), node(other, newer)
            while not at & 1: at, last = at >> 1, last >> 1
        else:
            newer = node(newer, other)
        at, last = at >> 1, last >> 1
    return (older, newer) if last == 0 else None
def climbed(leaf, index, size, proof):  # the root that an inclusion proof leads to, or None
    roots = walked(index, size - 1, leaf, proof) if 0 <= index < size else None
    return roots and roots[1]
def grown(old, new, proof, old_root):  # the roots over `old` and `new` leaves that a consistency proof leads to, or None
    if not 1 <= old <= new or (old == new) != (not proof): return None
    path, at, last = [old_root] + proof if old & (old - 1) == 0 else proof, old - 1, new - 1
    while at & 1: at, last = at >> 1, last >> 1
    return (old_root, old_root) if old == new else walked(at, last, path[0], path[1:])
def proof_of(text):
    return matched('(?:[0-9a-f]{64})*', text) == () and [bytes.fromhex(digits) for digits in re.findall('.{64}', text)]
# Ed25519 (RFC 8032, 5.1): a point is (X, Y, Z, T) with x = X/Z, y = Y/Z and x * y = T/Z.
P, L = 2 ** 255 - 19, 2 ** 252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
def point(data):
    """The point that 32 bytes stand for (RFC 8032, 5.1.3), or None: another form of a point than the canonical one is none."""
    sign, y = divmod(int.from_bytes(data, 'little'), 2 ** 255)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if len(data) != 32 or y >= P or x * x % P != square or (x == 0 and sign): return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P
def added(one, two):
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * D * one[3] * two[3] % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P
def times(number, base):
    rest = times(number >> 1, added(base, base)) if number else (0, 1, 1, 0)
    return added(rest, base) if number & 1 else rest
BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, 'little'))
def is_signed(public, message, signature):
    """Whether S is below L and [S]B = R + [k]A (RFC 8032, 5.1.7), without the cofactor."""
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], 'little')
    if len(signature) != 64 or a is None or r is None or s >= L: return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), 'little') % L
    left, right = times(s, BASE), added(r, times(k, a))
    return all((left[n] * right[2] - right[n] * left[2]) % P == 0 for n in (0, 1))
# Keys, signed notes, checkpoints and manifests.
def base64_of(text):
    data = base64.b64decode(text, validate=True)
    return need(base64.b64encode(data).decode() == text) and data
def key_from(name, typed):  # `typed` is the byte of the key's type, and its 32 bytes
    return Record(name=name, id=sha256(name.encode() + b'\n' + typed)[:4], type=typed[:1], public=typed[1:])
def key_of(text, kind):
    name, key_id, typed = matched(r'([!-*,-~]{1,255})\+([0-9a-f]{8})\+([^ ]+)', text)
    key = key_from(name, base64_of(typed))
    return need(key.type == kind and len(key.public) == 32 and key.id.hex() == key_id) and key
def note_of(text):
    body, empty, rest = text.rpartition('\n\n')
    lines = rest.split('\n')
    need(empty and lines.pop() == '' and 1 <= len(lines) <= 64 and text.encode('utf-8'))  # encode refuses surrogates
    signatures = [(name, base64_of(data)) for name, data in (matched('\u2014 ([^ ]+) ([^ ]+)', line) for line in lines)]
    return need(all(len(data) >= 5 for _, data in signatures)) and Record(text=body + '\n', signatures=signatures)
def has_signed(key, note):
    text, own = note.text.encode('utf-8'), [data[4:] for name, data in note.signatures if name == key.name and data[:4] == key.id]
    if key.type == b'\4':  # a witness: the time stands before the signature
        return any(is_signed(key.public, b'cosignature/v1\ntime %d\n' % int.from_bytes(data[:8], 'big') + text, data[8:]) for data in own)
    return any(is_signed(key.public, text, data) for data in own)
def checkpoint_of(note):  # whichever key signed it; its origin can be the name of a key
    origin, size, root, genesis = matched(CHECKPOINT, note.text)
    found = Record(origin=origin, size=int(size), root=base64_of(root), genesis=genesis)
    return need(len(origin) <= 255 and len(found.root) == 32 and (found.size > 0 or found.root == root_of([]))) and found
def signed_checkpoint(note, key):
    found = checkpoint_of(note)
    return need(found.origin == key.name and has_signed(key, note)) and found
def manifest_of(note, key, origin):
    lines, streams, files = note.text.split('\n')[:-1], {}, {}
    form = f'({"|".join(KINDS)}) ([^ \n]+)\ncheckpoint {WHOLE} {HASH}\nevents {WHOLE} {HASH}'
    kind, _, size, root, _, events = matched(form, '\n'.join(lines[1:4]))
    for line in lines[4:]:
        form, into = (STREAM, streams) if line.startswith('stream ') else (FILE, files)
        name, value, *_ = matched(form, line)
        need(name not in into and (into is streams or not name.startswith('evidence/') or name == 'evidence/' + value))
        into[name] = value
    need((kind != 'ledger' or not streams) and {'bundle.json', 'checkpoint', 'older-checkpoints.jsonl'} <= set(files))
    need(lines[0] == origin + '/manifest' and len(note.signatures) == 1 and has_signed(key, note))
    return Record(kind=kind, size=int(size), root=bytes.fromhex(root), events=events, streams=streams, files=files)
# Files, and what stands in them.
def archive_of(path):  # a ZIP archive whose files are stored as they are, and have their checksums
    archive, stored = zipfile.ZipFile(path), (20, 0, 8, 0, 0, b'', b'')
    names, files = archive.namelist(), archive.infolist()
    need(files and files[0].header_offset == 0 and len(set(names)) == len(names) and all(re.fullmatch(PATH, name) for name in names))
    need(all((i.extract_version, i.reserved, i.flag_bits, i.compress_type, i.file_size - i.compress_size, i.extra, i.comment) == stored
             for i in files) and archive.start_dir + sum(46 + len(name) for name in names) + 22 == os.path.getsize(path))
    return archive if archive.testzip() is None else None
def opening(path): return lambda: open(path, 'rb')
def bytes_of(opens):
    with opens() as file: return file.read(LIMIT + 1)
def text_of(data): return need(len(data) <= LIMIT) and data.decode('utf-8')
def hash_of(opens):
    hashed = hashlib.sha256()
    with opens() as file:
        for block in iter(lambda: file.read(1 << 20), b''): hashed.update(block)
    return hashed.hexdigest()
def bundle_of(value):  # its key is looked at later
    need(set(value) == {'format', 'kind', 'of', 'genesis', 'key'} and value['format'] == 'tower-ledger-bundle/1' and value['kind'] in KINDS)
    need(isinstance(value['of'], str) and isinstance(value['genesis'], dict))
    return need(isinstance(value['genesis'].get('ledgerId'), str)) and value
def older_of(value):
    return need(set(value) == {'note', 'proof'} and isinstance(value['note'], str) and isinstance(value['proof'], str)) and value
def entry_of(value):
    data, index = value.get('data'), value.get('leafindex')
    need(isinstance(data, dict) and isinstance(data.get('stream'), str) and type(data.get('revision')) is int)
    return need(type(index) is int and index >= 0 and isinstance(value.get('leafhash'), str)) and value
class Ended(Exception): """A fault was named that ends the check."""
class Check:
    """The check of one bundle: the faults found so far, and what the last line shows."""
    def __init__(self, folder):
        self.folder, self.archive, self.faults, self.count, self.size, self.root, self.older = folder, None, [], 0, None, None, []
    def expect(self, holds, code, about, ends=False):
        """Names a fault, unless something holds, and gives that back."""
        if not holds:
            self.sound = False
            self.faults += [(code, about)] if len(self.faults) < MOST_FAULTS and (code, about) not in self.faults else []
        if not holds and ends: raise Ended
        return holds
    def file(self, name, ends=False):  # what opens a file of the bundle, or None with its fault
        path, archive = os.path.join(self.folder, name), self.archive
        is_there = self.expect(name in archive.namelist() if archive else os.path.isfile(path), 'file-missing', name, ends)
        return None if not is_there else opening(path) if not archive else lambda: io.BufferedReader(archive.open(name))
    def run(self, given, kept, witnesses):
        """All steps: 1 to 5 here, where a fault may end the check. `given` and `witnesses` are texts, `kept` is bytes."""
        if os.path.isfile(self.folder):  # zipfile raises errors of many kinds
            self.archive = self.expect(attempt(lambda: archive_of(self.folder), Exception), 'archive-malformed', 'the bundle', True)
        bundle = attempt(lambda: bundle_of(line_of(text_of(bytes_of(self.file('bundle.json', True))))))
        self.expect(bundle, 'file-malformed', 'bundle.json', True)
        own = self.expect(attempt(lambda: key_of(bundle['key'], b'\1')), 'key-malformed', 'bundle.json', True)
        key = own if given is None else self.expect(attempt(lambda: key_of(given, b'\1')), 'key-malformed', 'the given key', True)
        seers = [self.expect(attempt(lambda: key_of(text, b'\4')), 'key-malformed', 'the witness key', True) for text in witnesses]
        self.expect((key.name, key.id) == (own.name, own.id), 'key-differs', own.name)
        note = attempt(lambda: note_of(text_of(bytes_of(self.file('checkpoint', True)))))
        signed = self.expect(note and attempt(lambda: signed_checkpoint(note, key)), 'note-invalid', 'checkpoint', True)
        for seer in seers: self.expect(has_signed(seer, note), 'cosignature-missing', seer.name)
        self.expect(sha256(written(bundle['genesis'])).hex() == signed.genesis, 'genesis-altered', signed.origin)
        opens = self.file('manifest')
        manifest = attempt(lambda: manifest_of(note_of(text_of(bytes_of(opens))), key, signed.origin)) if opens else None
        self.expect(manifest or not opens, 'note-invalid', 'manifest')
        self.size, self.root = (manifest or signed).size, (manifest or signed).root
        self.expect((self.size, self.root) == (signed.size, signed.root), 'checkpoint-differs', str(signed.size))
        self.is_whole, self.ledger = (manifest.kind if manifest else bundle['kind']) == 'ledger', signed.origin.split('/')[-2]
        self.check_older_notes(key, self.file('older-checkpoints.jsonl'))
        if kept is not None: self.check_kept_note(attempt(lambda: note_of(text_of(kept))), key, signed.genesis)
        opens = self.file('events.jsonl')
        if opens:
            self.check_events(opens)
            if self.is_whole: self.check_whole()
            if manifest: self.check_streams(manifest.streams)  # a whole ledger has none
        for name, hashed in [('events.jsonl', manifest.events), *manifest.files.items()] if manifest else []:
            opens = self.file(name)
            self.expect(not opens or attempt(lambda: hash_of(opens)) == hashed, 'file-altered', name)
    def check_older_notes(self, key, opens):  # step 6
        name, text = 'older-checkpoints.jsonl', attempt(lambda: text_of(bytes_of(opens))) if opens else ''
        self.expect(text is not None, 'file-malformed', name)
        for number, line in enumerate(re.findall('[^\n]*\n|[^\n]+', text or '')):
            pair = self.expect(number < MOST_OLDER and attempt(lambda: older_of(line_of(line))), 'file-malformed', name)
            found = pair and self.expect(attempt(lambda: signed_checkpoint(note_of(pair['note']), key)), 'note-invalid', name)
            if found:
                self.older.append(found)
                roots = attempt(lambda: grown(found.size, self.size, proof_of(pair['proof']), found.root))
                self.expect(roots == (found.root, self.root), 'consistency-invalid', str(found.size))
    def check_kept_note(self, note, key, genesis):  # step 7
        kept, found = note and attempt(lambda: signed_checkpoint(note, key)), note and attempt(lambda: checkpoint_of(note))
        if not kept:
            is_other = found and has_signed(key_from(found.origin, b'\1' + key.public), note)
            return self.expect(False, *(('origin-differs', found.origin) if is_other else ('note-invalid', 'the kept note')))
        differs = any(one.size == kept.size and one.root != kept.root for one in [self, *self.older])
        if self.expect(kept.size <= self.size, 'rolled-back', str(kept.size)):
            if self.expect(kept.genesis == genesis, 'genesis-altered', kept.origin):
                self.expect(not differs, 'history-rewritten', str(kept.size))
        self.older.append(kept)
    def check_events(self, opens):
        """Step 8. An entry, and the malformed lines after it, wait for the next entry, so that faults are named in their order."""
        self.sound, self.next, self.streams, self.frontier, self.roots = True, 0, {}, [], {0: root_of([])}
        number, line, waiting = 0, b'\n', []
        with opens() as file:
            while line:
                number, line = number + 1, file.readline(LIMIT + 1) if len(line) <= LIMIT else b''
                entry = attempt(lambda: entry_of(line_of(text_of(line))))
                if entry or not line:
                    for one in waiting: self.check_line(one, entry['leafindex'] if entry else self.size)
                    waiting = []
                if len(waiting) <= MOST_FAULTS and line: waiting.append(entry or number)
    def check_line(self, entry, following):  # an entry, or the number of a malformed line; and the leafindex of the next entry
        if isinstance(entry, int): return self.expect(False, 'line-malformed', f'line {entry}')
        index, data, leaf = entry['leafindex'], entry['data'], sha256(b'\0' + written(entry['data']))
        stream, revision = data['stream'], data['revision']
        in_place = index == self.next or self.next < index < min(self.size, following) if self.is_whole else index >= self.next
        if self.is_whole and in_place:
            self.expect(index == self.next, 'events-missing', f'events {self.next} to {index - 1}')
            self.next = index + 1
        is_proved = self.is_whole or attempt(lambda: climbed(leaf, index, self.size, proof_of(entry.get('inclusion'))) == self.root)
        fault = ('event-altered' if leaf.hex() != entry['leafhash'] else 'envelope-altered' if not self.is_envelope(entry) else
                 'checkpoint-exceeded' if self.is_whole and index >= self.size else 'proof-invalid' if not is_proved else
                 'order-altered' if not in_place else None)
        if not self.expect(not fault, fault, f'event {index} ({stream}, revision {revision})'): return
        self.count += 1
        if self.is_whole:
            push(self.frontier, self.count - 1, leaf)
            if any(one.size == self.count for one in [self, *self.older]): self.roots[self.count] = root_of(self.frontier)
        else:
            due, self.next, self.streams[stream] = self.streams.get(stream, -1) + 1, index + 1, revision
            self.expect(revision == due, 'stream-incomplete', f'{stream}, revision {due}')
    def is_envelope(self, entry):
        data, attributes = entry['data'], {name: entry[name] for name in entry if name not in ('data', 'leafindex', 'leafhash')}
        time = data['metadata'].get('recordedAt') if isinstance(data.get('metadata'), dict) else None
        asked = {'specversion': '1.0', 'datacontenttype': 'application/json', 'source': 'urn:tower-ledger:' + self.ledger,
                 'subject': data['stream'], 'id': data.get('id'), 'type': data.get('type'), 'time': time}
        if not self.is_whole: asked['inclusion'] = entry.get('inclusion')
        return attributes == asked and all(isinstance(value, str) for value in asked.values())
    def check_whole(self):  # steps 9 to 11
        self.expect(self.next >= self.size, 'events-missing', f'events {self.next} to {self.size - 1}')
        if not self.sound: return  # something was named since step 8 began
        wrong = [one for one in [self, *self.older] if one.size <= self.size and self.roots[one.size] != one.root]
        to = min((one.size for one in wrong), default=0)
        since = max((one.size for one in self.older if one.size < to), default=0)
        self.expect(not wrong, 'root-differs', f'events {since} to {to - 1}')
        for one in wrong: self.expect(one is self, 'history-rewritten', str(one.size))
    def check_streams(self, listed):  # step 12
        for stream, last in ((stream, self.streams.get(stream, -1)) for stream in listed):
            self.expect(last >= int(listed[stream]), 'stream-incomplete', f'{stream}, revision {last + 1}')
        for stream, last in self.streams.items():
            self.expect(last <= int(listed.get(stream, last - 1)), 'stream-unlisted', f'{stream}, revision {last}')
def key_text(value):  # a key that was given as itself, or as the name of a file that holds it
    return (attempt(lambda: text_of(bytes_of(opening(value)))) or '' if os.path.isfile(value) else value).strip(' \t\r\n')
def main():
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.error = lambda message: sys.exit(sys.stderr.write('usage: verify BUNDLE [--key KEY] [--note FILE] [--witness KEY]\n') and 64)
    parser.add_argument('bundle')
    for name in ('--key', '--note', '--witness'): parser.add_argument(name, action='append', default=[])
    options = parser.parse_args()
    keys, notes = [key_text(value) for value in options.key], [attempt(lambda: bytes_of(opening(path))) for path in options.note]
    if len(keys) > 1 or len(notes) > 1 or None in notes: parser.error('')
    check = Check(options.bundle)
    try:
        check.run(keys[0] if keys else None, notes[0] if notes else None, [key_text(value) for value in options.witness])
    except (Ended, OSError) as ended:  # only events.jsonl is read outside of `attempt`
        check.expect(isinstance(ended, Ended), 'file-missing', 'events.jsonl')
    for code, about in check.faults: print('FAULT', code, re.sub('[^ -~]', '?', about))
    print(f'{check.count} events are valid; checkpoint of', '-, root -' if check.root is None else f'{check.size}, root {check.root.hex()}')
    sys.exit(1 if check.faults else 0)
if __name__ == '__main__': main()
