"""Chinese surnames of two characters, for masks of names. A name is masked more if not listed."""

from __future__ import annotations

_LISTED = """
欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 令狐 慕容 司徒 司空 夏侯 轩辕 端木 百里
东郭 南宫 西门 独孤 长孙 宇文 澹台 淳于 单于 太史 申屠 公冶 宗政 濮阳 赫连 钟离
鲜于 闾丘 公羊 呼延 闻人 拓跋 万俟 乐正 微生 左丘 东门 梁丘 南门 第五 仲孙 亓官
司寇 巫马 颛孙 壤驷 漆雕 宰父 谷梁 段干 夹谷 羊舌 完颜 纳兰 爱新 叶赫 哈萨 那拉
"""

COMPOUND_SURNAMES: frozenset[str] = frozenset(_LISTED.split())
