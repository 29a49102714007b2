"""Tests of the parts of tools/verify.py that a bundle does not reach: python3 -B test/proof/verify_test.py"""
import base64, hashlib, json, os, sys, unittest

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, '..', '..', 'tools'))
import verify

with open(os.path.join(here, 'vectors.json'), encoding='utf-8') as file:
    VECTORS = json.load(file)
LEAVES = [hashlib.sha256(b'leaf %d' % n).digest() for n in range(300)]


def of(text):
    return base64.b64decode(text or '')


def is_included(leaf, index, size, proof, root):
    return len(leaf) == 32 and 0 <= index < size and verify.climbed(leaf, index, size, proof) == root


def is_consistent(old, new, proof, old_root, new_root):
    return 1 <= old <= new and verify.grown(old, new, proof, old_root) == (old_root, new_root)


def root(leaves):
    """RFC 6962, 2.1, read literally."""
    if len(leaves) == 1:
        return leaves[0]
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return hashlib.sha256(b'\1' + root(leaves[:left]) + root(leaves[left:])).digest()


def inclusion(index, leaves):
    if len(leaves) == 1:
        return []
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    if index < left:
        return inclusion(index, leaves[:left]) + [root(leaves[left:])]
    return inclusion(index - left, leaves[left:]) + [root(leaves[:left])]


def consistency(old, leaves, known=True):
    if old == len(leaves):
        return [] if known else [root(leaves)]
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    if old <= left:
        return consistency(old, leaves[:left], known) + [root(leaves[left:])]
    return consistency(old - left, leaves[left:], False) + [root(leaves[:left])]


class Proofs(unittest.TestCase):
    def test_inclusion_is_judged_as_transparency_dev_judges_it(self):
        for v in VECTORS['inclusion']:
            proof = [of(h) for h in v['proof'] or []]
            self.assertEqual(is_included(of(v['leafHash']), v['leafIdx'], v['treeSize'], proof, of(v['root'])), not v['wantErr'], v['name'])

    def test_consistency_is_judged_as_transparency_dev_judges_it(self):
        for v in VECTORS['consistency']:
            proof = [of(h) for h in v['proof'] or []]
            found = is_consistent(v['size1'], v['size2'], proof, of(v['root1']), of(v['root2']))
            self.assertEqual(found, not v['wantErr'], v['name'])

    def test_proofs_up_to_300_leaves(self):
        frontier = []
        for size in range(1, 301):
            leaves = LEAVES[:size]
            verify.push(frontier, size - 1, leaves[-1])
            whole = root(leaves)
            self.assertEqual(verify.root_of(frontier), whole)
            for index in {0, size // 2, size * 5 // 7, size - 1}:
                proof = inclusion(index, leaves)
                self.assertTrue(is_included(leaves[index], index, size, proof, whole))
                self.assertFalse(is_included(LEAVES[(index + 1) % 300], index, size, proof, whole))
                self.assertFalse(is_included(leaves[index], index, size, proof + [whole], whole))
            for old in {1, 1 + size // 3, 1 + size * 2 // 3, size} & set(range(1, size + 1)):
                proof = consistency(old, leaves)
                self.assertTrue(is_consistent(old, size, proof, root(LEAVES[:old]), whole))
                self.assertFalse(is_consistent(old, size, proof, LEAVES[0] if old > 1 else LEAVES[1], whole))


class Signatures(unittest.TestCase):
    # RFC 8032, 7.1, tests 1 to 3.
    KNOWN = [
        ('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '',
         'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'),
        ('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72',
         '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'),
        ('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82',
         '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'),
    ]

    def test_known_signatures_hold_and_altered_ones_do_not(self):
        for public, message, signature in self.KNOWN:
            public, message, signature = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
            self.assertTrue(verify.is_signed(public, message, signature))
            self.assertFalse(verify.is_signed(public, message + b'.', signature))
            for at in (0, 31, 32, 63):
                altered = bytearray(signature)
                altered[at] ^= 1
                self.assertFalse(verify.is_signed(public, message, bytes(altered)))


if __name__ == '__main__':
    unittest.main()
