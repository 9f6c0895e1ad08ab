"""Language codes (FineWeb-2's subset names: ISO 639-3 and ISO 15924) and named sets of them."""

from __future__ import annotations

# The seed study's 20 languages; English lies in FineWeb, the others in FineWeb-2.
L20 = (
    "eng_Latn", "cmn_Hani", "spa_Latn", "arb_Arab", "rus_Cyrl", "deu_Latn", "fra_Latn", "jpn_Jpan", "hin_Deva",
    "por_Latn", "ind_Latn", "vie_Latn", "tur_Latn", "pol_Latn", "ell_Grek", "swh_Latn", "fas_Arab", "ben_Beng",
    "tha_Thai", "kor_Hang",
)  # fmt: skip

LANGUAGE_SETS: dict[str, tuple[str, ...]] = {"L20": L20}
