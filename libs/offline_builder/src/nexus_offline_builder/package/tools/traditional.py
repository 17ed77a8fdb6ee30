"""Chinese in traditional characters, read as if it were written in simplified ones."""

_TRADITIONAL = (
    "丟並佔併來侖係個們備傢傭價億優兒內兩冪別刪則剋剛劃動務匯區卽厤員唸問喫單嗎噸噹嚮國圍圖報場塊墊壓學實"
    "寫寵將對屬峯崙嵗帶幣幫幹幾庫張強彆彔彙後徑從復慮慶應戲戶捨掃換摺撲擇據攝攤數斷於昇時曆曏書會朮東査條"
    "棊業極榦構樂標樣機檔檢檯欄歐歲歷毀氣沒減湯準溫滅滙滿漢漲潤濾為無煩熱營燬爲爾獲現產産畝畫畵當發盃監盤"
    "確碼禮稅種積穫筆箇節範篩簡簽籤紀約納紙級細終組結絕給統絶經綫維網線編總績繫繳續纍纔羅義聖聞聯職脩脫臺"
    "與舉舘茲華萬薦蘋處號蝦術衕裏裡製複見規視訂計記訴証詞詢試詩話該誇誕語誤說説誰調談請諮謝證識譭譯議讀變"
    "貓負貨貴買費資賣質賬購車輕轉辦農迴這連週進遊運過達遞遠適選還郵釐釦鈔鈡銷錄錢錯録錶鍵鍾鎊鏈鐘鐵長門開"
    "閏間閤閱閲關陞陰階際隨隻雙離電鞦韆頁頃項順預頓頭頻題額顏顔顛類顧顯颱飯養餘館馬駝驗體髮麪麫麯麴麵麼麽"
    "點齡齣"
)
_SIMPLIFIED = (
    "丢并占并来仑系个们备家佣价亿优儿内两幂别删则克刚划动务汇区即历员念问吃单吗吨当向国围图报场块垫压学实"
    "写宠将对属峰仑岁带币帮干几库张强别录汇后径从复虑庆应戏户舍扫换折扑择据摄摊数断于升时历向书会术东查条"
    "棋业极干构乐标样机档检台栏欧岁历毁气没减汤准温灭汇满汉涨润滤为无烦热营毁为尔获现产产亩画画当发杯监盘"
    "确码礼税种积获笔个节范筛简签签纪约纳纸级细终组结绝给统绝经线维网线编总绩系缴续累才罗义圣闻联职修脱台"
    "与举馆兹华万荐苹处号虾术同里里制复见规视订计记诉证词询试诗话该夸诞语误说说谁调谈请咨谢证识毁译议读变"
    "猫负货贵买费资卖质账购车轻转办农回这连周进游运过达递远适选还邮厘扣钞钟销录钱错录表键钟镑链钟铁长门开"
    "闰间合阅阅关升阴阶际随只双离电秋千页顷项顺预顿头频题额颜颜颠类顾显台饭养余馆马驼验体发面面曲曲面么么"
    "点龄出"
)
"""Those that stand in what the tools read, one for one: lengths and places in a text stay."""
_PLAIN = (
    "万与业东两个为举么义乐书买于产亩亿从仑们优会体佣儿关兹养内写农准减划则刚删别办务动区华单卖历压双发变"
    "台号吃吗吨员咨围国图圣场块垫处备复头夸学实宠对将尔属岁峰币带帮幂庆库应开张强当录径总戏户扑扫报择换据"
    "摄摊数断无时显术机条来极构标栏样档检欧毁气汇汉汤没润涨温游满滤灭点烦热猫现电画监盘码确礼离种积税笔筛"
    "签简类约级纪纳纸线组细终经结给绝统绩续维编缴网罗职联脱节苹范荐获营虑虾见规视计订议记证识诉词译试诗话"
    "诞询该语误说请读谁调谈谢负账货质购贵费资车转轻达过运还这进远连适选递邮钞钟钱铁链销错键镑长门问闰间闻"
    "阅阴阶际随页顷项顺顾顿预频题颜额颠饭馆马驼验龄"
)
_FULL = (
    "萬與業東兩個爲舉麼義樂書買於產畝億從侖們優會體傭兒關茲養內寫農準減劃則剛刪別辦務動區華單賣歷壓雙發變"
    "臺號喫嗎噸員諮圍國圖聖場塊墊處備復頭誇學實寵對將爾屬歲峯幣帶幫冪慶庫應開張強當錄徑總戲戶撲掃報擇換據"
    "攝攤數斷無時顯術機條來極構標欄樣檔檢歐毀氣匯漢湯沒潤漲溫遊滿濾滅點煩熱貓現電畫監盤碼確禮離種積稅筆篩"
    "籤簡類約級紀納紙線組細終經結給絕統績續維編繳網羅職聯脫節蘋範薦獲營慮蝦見規視計訂議記證識訴詞譯試詩話"
    "誕詢該語誤說請讀誰調談謝負賬貨質購貴費資車轉輕達過運還這進遠連適選遞郵鈔鍾錢鐵鏈銷錯鍵鎊長門問閏間聞"
    "閱陰階際隨頁頃項順顧頓預頻題顏額顛飯館馬駝驗齡"
)
"""The other way, without characters such as 后 and 里, which may stay as they are."""
_READ = str.maketrans(_TRADITIONAL, _SIMPLIFIED)


def simplified(text: str) -> str:
    return text if text.isascii() else text.translate(_READ)


def way_back(texts: list[str]) -> dict[int, int]:
    """What an answer is to be written with: the characters of `texts`; all in full where they have no simplified one.

    A character stays simplified where several are in use that are read as the same.
    """
    used = set("".join(texts))
    written: dict[int, set[str]] = {}
    for sign in used:
        written.setdefault(_READ.get(ord(sign), ord(sign)), set()).add(sign)
    back = {read: ord(min(signs)) for read, signs in written.items() if len(signs) == 1 and chr(read) not in signs}
    return {**str.maketrans(_PLAIN, _FULL), **back} if back and not used & set(_PLAIN) else back
