"""What names a person or opens a door is hidden before it leaves: numbers, plates, addresses, names, passwords."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

__all__ = ["hide_passwords", "mask", "mask_column", "mask_numbers", "quoted"]

# Digits, letters, hyphens and @ of full width are typed for the plain ones: one sign for one, so that a text keeps its length.
_PLAIN = {
    code: code - 0xFEE0
    for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B), 0xFF0D, 0xFF20)
}
# What stands between the groups of a number: one sign or two, invisible ones too.
_GAP = r"[ \xa0\u2009\u200b-\u200f\u2060\u3000\ufeff./_·•-]{0,2}"
_AREA_CODE = r"0(?:10|2\d|[3-9][1-9]\d|[79]0\d)"
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91)"
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_PLATES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
# Whole numbers, from their first sign and without a step back: long codes are passed over once.
_NUMBER = r"(?:(?<!\d)(?<!\d[-之])\d++[A-Za-z]?(?:[-之]\d++)*+|(?<![一二三四五六七八九十百])[一二三四五六七八九十百]++)"
_STREET = r"(?:路|街|道|巷|弄|里|村|埭|浜|组|苑|园|庭|府|城|湾|小区|公寓|新村|广场|大厦)(?:[东西南北中]区|[一二三四五六七八九十]+期)?"
_SAYS = r"\s*[:：是为=|]\s*"
_CALLED = r"(?:姓名|联系人|上报人|举报人|反映人|投诉人|诉求人)"
_ROLE = r"(?:当事人|业主|户主|车主|店主|摊主|房东|租客|租户|住户|居民|邻居|老板|司机|驾驶员|报料人|来电人|来访人|受害人|申请人|负责人|经办人?)"
_ALSO_CALLED = rf"(?:{_ROLE}|name|contact)"
# Whoever a report tells of: only a surname after them begins a name, beside a colon too.
_SOMEBODY = (
    "(?:学生|同学|患者|病人|伤者|死者|家长|家属|老师(?!傅)|教师|医生|护士|保安|门卫|[店队]员|员工|工人|环卫工|保洁员?|村民|市民|"
    "群众|[男女]子|[男女]孩|老[人汉伯]|老太太?|孩子|小孩|儿童|[父母]亲|妻子|丈夫|[儿孙]子|孙女|女儿|老板娘|太太|"
    "志愿者|嫌疑人|乘客|游客|顾客|骑手|外卖员|快递员|[房屋]主|业主代表|经理|书记|主任|[队所院校社厂组楼]长)"
)
# The surnames of nine people in ten; after a role without a colon only they begin a name, and not where they begin a word.
_SURNAME = (
    "(?:欧阳|司马|上官|诸葛|皇甫|尉迟|"
    "[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜"
    "范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文施陶俞费钮屠])"
)
_WORD = (
    "(?:张[贴挂开扬口罗]|陈[旧述列年设情]|杨[树梅柳]|黄[色昏牛线金土河]|周[边围末期转一二三四五六日年密到]|孙[子女]|胡[同乱须椒]|"
    "高[音血烧热空楼层处温声峰度龄压低档价速架兴考中校额出新铁质标呼喊坠频效干]|林[木地带荫场业中]|何[时处人以种故况必]|马[路上桶达虎桥力]|"
    "罗列|谢[谢绝]|唐突|于[是今昨前后本当上下早晚凌夜白晨中日月年此其\\d]|董事|程[序度]|许[多可久诺愿]|曾[经多在于向就有被因]|苏[州打醒]|"
    "丁字|叶[子片]|余[下款额量名人]|杜绝|戴[口头着上]|夏[天季日令]|钟[楼头点]|田[地里间园埂头边]|任[意何由务职性]|范[围例本]|"
    "方[便向面式才可案法言]|石[阶头材块子板墩灰油]|金[属额融色钱]|陆[续路地]|孔[洞口]|白[内天色事日蚁板条]|康[复养乐]|毛[坯病巾竹]|"
    "江[边面里南湾]|史无|顾[客虑及]|龙头|万[元一分人户达]|段[落时路]|雷[雨电达击声]|钱[款包财物不都]|汤[汁水]|易[燃爆碎拉]|"
    "常[坐去来被把要在到不因年常住见规态用有驻期会]|武[装警汉]|乔[木装迁]|文[明化件字体书]|施[工肥救暴]|陶[瓷器]|费[用时力解尽]|屠宰|王[店江牌])"
)
# Surnames that end a word as often (施工方, 工程, 园林) are names only where no word runs on before them.
_BY_NAME = rf"(?:(?<![\u4e00-\u9fff])[方文于任万段程林金]|(?![方文于任万段程林金]){_SURNAME})"
_TITLE = (
    "(?:老师|医生|大夫|护士|律师|教练|警官|同学|老板娘?|大爷|大妈|大叔|大伯|大姐|大哥|阿婆|阿公|阿伯|奶奶|爷爷|伯伯|婆婆|"
    "老太太?|老汉|主任|书记|经理|队长|所长|院长|校长|社长|厂长|组长|科长|局长|处长)"
)
# What comes after a short name is its verb, not its second sign.
_NAME = rf"{_SURNAME}[\u4e00-\u9fff](?:(?![说称讲反的在将把和与等来打要报未不已拖占向对从被到家电投诉是为有去养也因乱停])[\u4e00-\u9fff])?"
# What stands between a role and a name beside a colon.
_BETWEEN = r"（(【\[「“\"'/_—\-"
# An office is nobody; a shop bears a name, and a bridge or a plot a number, that is neither a person's nor a house's.
_OFFICE = r"[\u4e00-\u9fff]{0,12}(?:局|委|办|科|大队|中队|中心|公司|集团|街道|社区|物业|部门|委员会|管理[处所]|派出所)(?![\u4e00-\u9fff])"
_SHOP = r"(?:[面饭菜餐茶粉酒]馆|拉面|面店|早餐|小吃|烧烤|馄饨|包子|烘焙)"
_NO_HOUSE = r"(?:线|桥|公园|地块|公厕|泵站|灯杆|杆|[窨雨污水检]?[水查]?井|阀|闸|坝|配电|变电|变压器|箱变|环网柜|电箱|充电桩|岗亭|凉亭|站台|消[火防]栓|码头|出入口|门(?![口前面外旁边店卫牌厅市头诊对]))"
_ZHEJIANG = "(?:嘉兴|杭州|宁波|温州|湖州|绍兴|金华|衢州|舟山|台州|丽水|海宁|平湖|桐乡|嘉善|海盐)"
_E_BIKE = "(?:电动自行车|电动车|电瓶车|非机动车)"
_NO_PLOT = "(?!号?地块|宗地)"
_NO_COUNT = rf"(?![\dA-Z元米户人万余多辆台件个平亩吨]){_NO_PLOT}"
# A room: three digits or four that count nothing and are not another number.
_ROOM = rf"\d{{3,4}}(?:{_NO_COUNT}(?![年月日号弄幢栋]))"
# Army plates of today begin with a command's letter (V as a rule), those of before 2013 with its sign.
_ARMY = "[VKHBSLJNGC][A-HJ-PR-VY]"


def _compiled(*rules: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern, re.IGNORECASE), shown) for pattern, shown in rules)


def _phones(but: str = "") -> tuple[tuple[re.Pattern[str], str], ...]:
    """Mobile and landline numbers, but for what a lookahead tells apart; an area code begins with 0."""
    # Digits after a decimal point are the tail of a coordinate.
    begins = rf"(?<!\d)(?<!\d\.){but}"
    return _compiled(
        (
            rf"{begins}((?:(?:\+|00)?86{_GAP})?1[3-9]\d)(?:{_GAP}\d{{4}}{_GAP}\d{{4}}|\d\d \d{{3}} ?\d{{3}})(?!\d)",
            r"\1********",
        ),
        (rf"{begins}(\(?{_AREA_CODE}\)?{_GAP})[2-9]\d{{2,3}}{_GAP}\d{{4}}(?!\d)", r"\1********"),
    )


# What is somebody's wherever it stands.
_IDS = _compiled(
    # ID numbers before phones: eleven of their digits may look like one.
    (
        rf"(?<!\d)({_PROVINCE}\d\d)\d\d{_GAP}(?:18|19|20)\d\d{_DAY}{_GAP}\d{{3}}[\dX](?![\dA-Z])",
        r"\1**************",
    ),
    (rf"(?<!\d)({_PROVINCE}\d\d)\d\d[ -]?\d\d{_DAY}[ -]?\d{{3}}(?!\d)", r"\1***********"),
)
_OTHERS = _compiled(
    (
        rf"((?:电话|手机|座机|联系方式|tel|phone)(?:号码?)?(?:{_SAYS}|\s*))[2-9]\d{{2,3}}[ -]?\d{{4}}(?!\d)",
        r"\1********",
    ),
    (rf"((?:银行卡|卡号|账号)(?:号码?)?(?:{_SAYS}|\s*))\d{{12,19}}(?!\d)", r"\1**"),
    (r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+", "**@**"),
    (rf"((?:QQ|微信|VX|wechat)(?:号码?|号)?(?:{_SAYS}|\s*))[A-Z0-9_-]{{5,20}}", r"\1**"),
    (rf"((?:护照|通行证|台胞证|回乡证)(?:号码?)?(?:{_SAYS}|\s*))[A-Z]{{0,2}}\d{{7,9}}(?!\d)", r"\1**"),
    (rf"(?<![A-Z])(WJ)[ ·.-]?(?:[{_PLATES}]|\d\d)[ ·.-]?(?=[A-Z]*\d)[A-Z0-9]{{4,5}}(?![A-Z0-9])", r"\1*****"),
    (rf"(?<![A-Z\d])({_ARMY})[·•]\d{{5}}{_NO_COUNT}", r"\1*****"),
    (rf"((?:车牌|号牌|牌照|军牌|军车|车号)(?:号码?)?(?:{_SAYS}|\s*){_ARMY})[ -]?\d{{5}}{_NO_COUNT}", r"\1*****"),
    (rf"(?<![A-Z\d])(V[A-HJ-PR-V])[ -]?\d{{5}}{_NO_COUNT}", r"\1*****"),
    (rf"([军海空北沈兰济南广成][A-Z])[ ·•.-]?\d{{5}}{_NO_COUNT}", r"\1*****"),
    (rf"((?:浙江?)?{_ZHEJIANG}市?)[ ·•.-]?[A-Z]{{1,2}}\d{{5,6}}{_NO_COUNT}", r"\1*****"),
    (rf"(浙江?{_ZHEJIANG}市?)[ ·•.-]?\d{{5,7}}{_NO_COUNT}", r"\1*****"),
    (
        rf"({_E_BIKE}(?:车?牌照?|号牌)?(?:号码?)?(?:{_SAYS}|\s*)(?:(?:浙江?)?{_ZHEJIANG}市?)?[ ·•.-]?)[A-Z]{{0,2}}\d{{5,7}}{_NO_COUNT}",
        r"\1*****",
    ),
    # Where it is called one, a plate needs no province.
    (
        rf"((?:车牌|号牌|牌照|车号)(?:号码?)?(?:{_SAYS}|\s*))(?=[A-Z]*\d)[A-Z0-9]{{5,6}}(?![A-Z]){_NO_COUNT}",
        r"\1*****",
    ),
    (r"(?<!\d)\d{6}使(?!用)|(?<!致)使\d{6}(?![\d元米户])", "使******"),
    # Five signs, or six of a new-energy car; one of them is a digit.
    (
        rf"([{_PLATES}] ?[A-HJ-Z])[·•.\s-]?(?=[A-Z]*\d)[A-Z0-9]{{4,5}}(?:[A-Z0-9]|[挂学警港澳领使])(?![A-Z0-9]){_NO_PLOT}",
        r"\1*****",
    ),
)
_NUMBERS = _IDS + _phones() + _OTHERS
# In a name three groups with hyphens are the number of a plot or a file, but for a country's code or an extension.
_NUMBERS_IN_NAMES = (
    _IDS
    + _phones(r"(?!\d{3,4}[-_]\d{3,4}[-_]\d{4}(?!\d)|\d{3}[-_]\d{8}[-_]\d|(?<=\d[-_])(?<!86[-_])\d{3,4}[-_])")
    + _OTHERS
)
_PHONE = re.compile("电话|手机|座机|联系方式|tel|phone", re.IGNORECASE)
# What is somebody's in a text that tells of people; a station is named after its address, a school after a person.
_NAMED = _compiled(
    (rf"([\w]{_STREET}\s*|弄\s*)#?{_NUMBER}(?=\s*(?:号(?!{_NO_HOUSE})|弄|幢|栋))", r"\1**"),
    (r"((?:小区|公寓|花苑|新村|家园|花园|苑)\s*)\d++(?:-\d++){1,3}+(?!\d|地块|期|层)", r"\1**"),
    (rf"{_NUMBER}\s*(幢|栋|号楼(?!宇)|#楼(?!宇))", r"**\1"),
    (r"(?<![\dA-Z#-])\d{1,3}#\d{3,4}(?!\d)", "**#**"),
    (rf"((?:\*\*(?:幢|栋|号楼|#楼)|[A-Z\d](?:座|栋|幢))[ -]?){_ROOM}", r"\1**"),
    (rf"{_NUMBER}排{_NUMBER}(?=号(?!{_NO_HOUSE}))", "**排**"),
    (rf"((?:幢|栋|楼)\s*){_NUMBER}\s*(单元)", r"\1**\2"),
    (rf"{_NUMBER}\s*(单元)(?=\s*{_NUMBER}\s*室)", r"**\1"),
    (rf"(?:\*\*|{_NUMBER})(单元[ -]?){_ROOM}", r"**\1**"),
    (rf"{_NUMBER}\s*(室)(?![内外])", r"**\1"),
    (r"(?<![\d.])\d{3,4}[A-Z]?\s*(房)(?![产屋子东地价租型源客顶管改])", r"**\1"),
    (
        rf"({_CALLED}(?:{_SAYS}|\s*(?![员数牌栏不无未均]))|{_ALSO_CALLED}{_SAYS})(?!{_OFFICE})(?:[\u4e00-\u9fff·]{{1,4}}|[A-Z][A-Z .'-]{{1,40}})",
        r"\1**",
    ),
    (
        rf"((?:{_CALLED}\s*[{_BETWEEN}、，,]|{_ROLE}\s*[{_BETWEEN}]?|{_SOMEBODY}\s*[{_BETWEEN}:：]?\s*(?![于曾常易万](?!某)))\s*)(?!{_WORD})(?!{_SURNAME}?{_OFFICE})(?:{_NAME})",
        r"\1**",
    ),
    (rf"[\u4e00-\u9fff](先生|女士|小姐|师傅|阿姨)(?!{_SHOP})", r"*\1"),
    (rf"{_BY_NAME}({_TITLE})(?!{_SHOP})", r"*\1"),
    (
        rf"{_BY_NAME}(某{{1,2}})(?![小大新旧]?区|[路村店处镇街地日天月年号楼个些种市县段商超工一]|公司|单位|饭|企业|项目)",
        r"*\1",
    ),
)
# What none of these patterns can do without: most texts have none of it, and are left alone at once.
_NUMBER_HINT = re.compile(rf"@|QQ|微信|VX|wechat|WJ|车牌|号牌|牌照|车号|\d{{4}}|[{_PLATES}] ?[A-Z]", re.IGNORECASE)
_HINT = re.compile(
    rf"{_NUMBER_HINT.pattern}|\d-\d|[\dA-Z一二三四五六七八九十百]\s*[号弄幢栋座单室房#排]|某|{_CALLED}|{_ALSO_CALLED}|{_SOMEBODY}|{_TITLE}|先生|女士|小姐|师傅|阿姨",
    re.IGNORECASE,
)
# A password as it is typed may hold / and @; what stands before a path is a port. Of the two slashes a path keeps one.
_PASSWORD = re.compile(r"(?:(?<=//)|(?<=[A-Za-z]{2}:/)(?!/))(?:[^\s/:'\"“”]+:(?!\d*[/\s])[^\s'\"“”]*|[^\s/'\"“”]*)@")
# In quotes, or with a backslash before it, a password may hold a space; a key of a map service is called so in an address alone.
_SECRET = re.compile(
    r"((?:password|passwd|pwd|token|secret|api_?key|access_?key|sig(?:nature)?|密码|口令)\s*=\s*|[?&](?:auth|pass|key|ak|tk)=)"
    r"""(?:'[^']*'|"[^"]*"|(?:\\.|[^\s&;'"“”])+)""",
    re.IGNORECASE,
)
_CODE_DIGITS = 15
_QUOTED = 80


def mask(text: str) -> str:
    """Hide phone numbers, ID numbers, number plates, house numbers and names of people in free text.

    The one rule of what is personal: what loads, rejects and lists text passes it through here. Contract codes, such as
    the number of a case or of a grid cell, are not free text and are not passed.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        As it was where there is nothing to hide.

    Examples
    --------
    >>> mask("联系人:张三 13812345678 浙F12345 330402199001011234")
    '联系人:** 138******** 浙F***** 3304**************'
    >>> mask("南湖区中山路123号, 春晓苑3幢2单元501室 浙FD12345 0573-82012345")
    '南湖区中山路**号, 春晓苑**幢**单元**室 浙F***** 0573-********'
    >>> mask("120.948716,30.542031")
    '120.948716,30.542031'
    """
    return _hidden(text, _HINT, _NUMBERS + _NAMED)


def mask_numbers(text: str) -> str:
    """Hide phone numbers, ID numbers, bank cards, number plates, chat and e-mail accounts in the name of a place or a kind.

    House numbers and names of people stay: a place may be called after them. Fifteen digits alone are the code of a grid,
    three groups with hyphens the number of a plot.

    Examples
    --------
    >>> mask_numbers("中山路123号加油站 13812345678"), mask_numbers("330402001001001"), mask_numbers("135-2024-0012")
    ('中山路123号加油站 138********', '330402001001001', '135-2024-0012')
    """
    if len(text) == _CODE_DIGITS and text.isdecimal():
        return text
    return _hidden(text, _NUMBER_HINT, _NUMBERS if _PHONE.search(text) else _NUMBERS_IN_NAMES)


def _hidden(text: str, hint: re.Pattern[str], rules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    plain = masked = text.translate(_PLAIN)
    if hint.search(plain) is None:
        return text
    for pattern, replacement in rules:
        masked = pattern.sub(replacement, masked)
    return text if masked == plain else masked


def quoted(value: object, *, code: bool = False) -> str:
    """Give a value of the data as a message or a list of rejects quotes it: masked unless it is a code, on one line, short.

    Examples
    --------
    >>> quoted("联系人:张三  13812345678"), len(quoted("长" * 30_000))
    ('联系人:** 138********', 80)
    """
    text = " ".join(str(value).split())
    text = text if code else mask(text)
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"


def mask_column(column: pd.Series, *, distinct: bool = False, hide: Callable[[str], str] = mask) -> pd.Series:
    """A column, each value masked; missing values stay missing.

    A column whose values are all digits of one length, 15 or more, and mostly no ID numbers, is one of codes (grid cells,
    parcels) and stays as it is. Whole numbers that hide something, such as phones, become text; so do lists.

    Parameters
    ----------
    column
        Of any dtype.
    distinct
        Values that differ still do when they are masked: the second of those that look alike gets a number. For columns
        by which rows are grouped or joined, where two classes or districts must not become one.
    hide
        `mask`, or `mask_numbers` for names of places.

    Examples
    --------
    >>> import pandas as pd
    >>> mask_column(pd.Series(["找李女士", None, "井盖"])).tolist()
    ['找*女士', None, '井盖']
    >>> mask_column(pd.Series([13812345678, 1])).tolist()
    ['138********', '1']
    >>> mask_column(pd.Series(["330402001001001", "330402007008012", "330402007008013"])).tolist()[0]
    '330402001001001'
    >>> mask_column(pd.Series(["1号楼", "2号楼", "1号楼"]), distinct=True).tolist()
    ['**号楼', '**号楼 2', '**号楼']
    """
    known = column.dropna()
    if column.dtype.kind in "iuf":
        whole = known[known.mod(1).eq(0)] if column.dtype.kind == "f" else known
        written = known.astype(object)
        written.loc[whole.index] = [str(int(value)) for value in whole]
    elif column.dtype.name == "str":
        written = known
    elif column.dtype.kind in "OTU" or column.dtype.name in {"string", "category"}:
        written = known.astype(object).map(str)
    else:
        return column
    values = [str(value) for value in written.unique()]
    changed = {value: masked for value in values if (masked := hide(value)) != value}
    lengths = {len(value) if value.isdecimal() else 0 for value in values}
    codes = len(lengths) == 1 and min(lengths) >= _CODE_DIGITS and 2 * len(changed) < len(values)
    if not changed or codes:
        return column
    hidden = _told_apart(changed, values) if distinct else changed
    shown = written.astype(object).map(str).map({value: hidden.get(value, value) for value in values})
    return shown.reindex(column.index).astype(object).where(column.notna(), None)


def _told_apart(changed: dict[str, str], values: list[str]) -> dict[str, str]:
    """Masked texts with a number where another value is shown as the same."""
    taken = set(values) - set(changed)
    apart = {}
    for value in sorted(changed):
        text, number = changed[value], 2
        while text in taken:
            text, number = f"{changed[value]} {number}", number + 1
        taken.add(text)
        apart[value] = text
    return apart


def hide_passwords(text: str) -> str:
    """Take user names and passwords out of addresses in a text.

    Examples
    --------
    >>> hide_passwords("No such file: postgresql://gis:s3cret@db/city?password=s3cret")
    'No such file: postgresql://…@db/city?password=…'
    """
    if ":/" not in text and "//" not in text and "=" not in text:
        return text
    return _SECRET.sub(r"\1…", _PASSWORD.sub("…@", text))
