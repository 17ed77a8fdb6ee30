"""Chinese in traditional characters, read as if it were written in simplified ones."""

_TRADITIONAL = (
    "丟並佔併來侖係個們備傢傭價億優兒內兩冪別刪則剋剛劃動務匯區卽厤員唸問喫單嗎噸噹國圍圖報場塊墊壓學實寫寵將對屬峯崙嵗幣幫幹幾庫張強彆彔彙後徑從復慮慶應戲戶捨換摺擇"
    "據攝攤數斷於昇時曆書會朮東査條棊業榦構樂標樣機檔檢欄歐歲歷毀氣沒減湯準溫滅滙滿漢漲潤濾為無煩營燬爲爾獲現產産畝畫畵當發盃盤確碼禮稅種積穫筆箇節範篩簡簽籤紀約納紙"
    "級細終組結絕給統絶經綫網線編總績繫繳續纍纔羅義聖聞聯脩脫與舉舘茲華萬薦蘋處號術衕裏裡製複見規視訂計記訴証詞詢試詩話該誇誕語誤說説誰調請諮謝證識譭譯議讀變貓負貨貴"
    "買費資賣質賬購車轉辦農迴這週進遊運過達遞遠適選還郵釐釦鈔鈡銷錄錢錯録錶鍵鍾鎊鏈鐘鐵長門開閏間閤閱閲關陞陰階際隨隻雙離電鞦韆頁頃項順預頓頭頻題額顏顔顛類顧顯飯養餘"
    "館馬駝驗體髮麪麫麯麴麵麼麽點齡齣"
)
_SIMPLIFIED = (
    "丢并占并来仑系个们备家佣价亿优儿内两幂别删则克刚划动务汇区即历员念问吃单吗吨当国围图报场块垫压学实写宠将对属峰仑岁币帮干几库张强别录汇后径从复虑庆应戏户舍换折择"
    "据摄摊数断于升时历书会术东查条棋业干构乐标样机档检栏欧岁历毁气没减汤准温灭汇满汉涨润滤为无烦营毁为尔获现产产亩画画当发杯盘确码礼税种积获笔个节范筛简签签纪约纳纸"
    "级细终组结绝给统绝经线网线编总绩系缴续累才罗义圣闻联修脱与举馆兹华万荐苹处号术同里里制复见规视订计记诉证词询试诗话该夸诞语误说说谁调请咨谢证识毁译议读变猫负货贵"
    "买费资卖质账购车转办农回这周进游运过达递远适选还邮厘扣钞钟销录钱错录表键钟镑链钟铁长门开闰间合阅阅关升阴阶际随只双离电秋千页顷项顺预顿头频题额颜颜颠类顾显饭养余"
    "馆马驼验体发面面曲曲面么么点龄出"
)
"""Those that stand in what the tools read, one for one: lengths and places in a text stay."""
_READ = str.maketrans(_TRADITIONAL, _SIMPLIFIED)


def simplified(text: str) -> str:
    return text if text.isascii() else text.translate(_READ)


def way_back(texts: list[str]) -> dict[int, int]:
    """The characters of an answer as `texts` write them; the simplified one where several are in use."""
    used = set("".join(texts))
    written: dict[int, set[str]] = {}
    for sign in used:
        written.setdefault(_READ.get(ord(sign), ord(sign)), set()).add(sign)
    return {read: ord(min(signs)) for read, signs in written.items() if len(signs) == 1 and chr(read) not in signs}
