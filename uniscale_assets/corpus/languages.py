"""Language codes (FineWeb-2's subset names: ISO 639-3 and ISO 15924) and named sets of them."""

from __future__ import annotations

# The seed study's 20 languages; English lies in FineWeb, the others in FineWeb-2.
L20 = (
    "eng_Latn", "cmn_Hani", "spa_Latn", "arb_Arab", "rus_Cyrl", "deu_Latn", "fra_Latn", "jpn_Jpan", "hin_Deva",
    "por_Latn", "ind_Latn", "vie_Latn", "tur_Latn", "pol_Latn", "ell_Grek", "swh_Latn", "fas_Arab", "ben_Beng",
    "tha_Thai", "kor_Hang",
)  # fmt: skip

# The seed study's 60 languages: the 20, and the next ones that FineWeb-2, CC-100 and FLORES+ all have.
L60 = (
    *L20,
    "ita_Latn", "nld_Latn", "ukr_Cyrl", "ron_Latn", "ces_Latn", "hun_Latn", "swe_Latn", "fin_Latn", "dan_Latn", "nob_Latn",
    "heb_Hebr", "zsm_Latn", "fil_Latn", "tam_Taml", "tel_Telu", "mar_Deva", "urd_Arab", "guj_Gujr", "pan_Guru", "kan_Knda",
    "mal_Mlym", "npi_Deva", "sin_Sinh", "mya_Mymr", "khm_Khmr", "gug_Latn", "gle_Latn", "afr_Latn", "hau_Latn", "som_Latn",
    "yor_Latn", "zul_Latn", "ibo_Latn", "amh_Ethi", "azj_Latn", "kaz_Cyrl", "uzn_Latn", "hye_Armn", "kat_Geor", "khk_Cyrl",
)  # fmt: skip

# The seed study's set of that name, which holds 75: of its hundred it kept those that all three collections have.
L100 = (
    *L60,
    "bul_Cyrl", "hrv_Latn", "srp_Cyrl", "slk_Latn", "slv_Latn", "lit_Latn", "lvs_Latn", "ekk_Latn", "als_Latn", "glg_Latn",
    "eus_Latn", "isl_Latn", "cym_Latn", "kmr_Latn", "plt_Latn",
)  # fmt: skip

LANGUAGE_SETS: dict[str, tuple[str, ...]] = {"L20": L20, "L60": L60, "L100": L100}
