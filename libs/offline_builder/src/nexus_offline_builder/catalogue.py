"""The tools that the builder knows, and the vocabulary that calls for them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ToolRule:
    """A tool with its vocabulary, English words in the singular and Chinese ones as they are written.

    `topics` call for the tool by themselves. `objects` (what it works on) and `operations` (what is done with it) call
    for it together; alone they count only where nothing else was called for. Several words stand with `_` in between.
    """

    name: str
    title: str
    description: str
    category: str
    capabilities: tuple[str, ...]
    short_name: str
    topics: str
    objects: str
    operations: str


_FIGURES = (
    "total subtotal sum add_up tally aggregate average mean median max maximum min minimum analyse analyze "
    "analysis statistic insight fastest slowest "
    "stat worth sort rank ranking who_has who_paid who_owe which_most has_most the_most who_sold paid unpaid "
    "how_many highest lowest summarise summarize calculate group breakdown "
    "统计 合计 总计 总和 求和 汇总 平均 加起来 相加 "
    "分析 计算 分组"
)
_TABLE = "csv tsv spreadsheet excel comma_separated tabular table sheet 表格 电子表格 逗号分隔 报表 明细表 数据表"

CATALOGUE: tuple[ToolRule, ...] = (
    ToolRule(
        name="csv_totals",
        title="CSV totals",
        description="Totals, averages, minimum, maximum, median and row count of the columns of a CSV, also by group.",
        category="data-analysis",
        capabilities=("csv-totals", "table-analysis"),
        short_name="csv",
        topics="name_amount outstanding who_has_paid who_paid membership_list name_and_amount name_and_price "
        "amount_per_name "
        "成绩单 monthly_total daily_total weekly_total yearly_total who_owe owe_me which_customer which_client "
        "which_member which_student "
        "which_employee which_order which_product how_many_order how_many_customer how_many_member "
        "orders_per order_per has_not_paid hasn_t_paid "
        "not_paid_yet who_has_not club_fee pivot pivot_table per_candidate vote_count open_item "
        "per_status by_status status_count "
        "football_table league_table points_table league_standing 工时表 "
        "成绩统计 每个部门 按城市 按月 每月 报名人数 各班 每个班 "
        "timesheet time_sheet payroll attendance roster hours_worked sales_report expense_report "
        "column_total column_sum column_average sold_most sell_most best_seller class_score bookkeeper "
        "bookkeeping grade_book gradebook 按部门 按地区 按门店 按产品 按商品 按客户 按员工 按姓名 按班级 按类别 按金额 "
        "按成绩 按分数 "
        "分部门 分地区 记账 各部门 各门店 各地区 各类 成绩表 报销单 各列 每列 每一列",
        objects=f"{_TABLE} column row ledger warehouse sale revenue expense spending transaction inventory stock_list "
        f"price_list order_list export statement per_region by_region per_category by_category "
        f"per_person per_product by_product per_customer by_customer per_department by_department "
        f"by_month per_month per_employee by_employee per_name by_name per_member by_team per_team by_user "
        f"per_worker per_day "
        "by_day by_person member_list guest_list score mark grade pupil survey poll race_result quiz_night "
        "membership_due per_question 工资表 考勤表 销售表 名单 表里 表中 pasted_row pasted_line time_log work_log "
        "list_of_order orders_list list_of_payment scoreboard leaderboard league_table 列 销售 库存 流水 "
        "明细 清单 账目 每个地区",
        operations=_FIGURES,
    ),
    ToolRule(
        name="arithmetic",
        title="Arithmetic",
        description="Exact arithmetic: operators, parentheses, powers, roots, percentages, sums and averages in words.",
        category="mathematics",
        capabilities=("arithmetic", "percentages"),
        short_name="arithmetic",
        topics="pay_what cash_up cashing_up till_cash mileage "
        "total_and_average average_and_total sum_and_average pay_slip "
        "split_expense share_expense expense_split cash_till lap_time 利息 "
        "profit_margin margin 毛利 利润率 wage hourly_wage hourly_rate hourly_pay roommate_share flatmate_share "
        "share_rent share_the_rent unit_price which_pack "
        "money_given commission difference_between_two_number difference_between_two_amount each_pay "
        "each_person_pay everyone_pay each_owe pocket_money price_comparison aa "
        "折后 九折 八折 七折 六折 五折 几折 每人付 每个人付 "
        "付多少 人均 该付 工资计算 时薪 "
        "grade_average average_grade average_of_grade mark_average average_of_mark add_up_number "
        "sum_of_number arithmetic calculator math maths mathematics mathematical multiply multiplication divide "
        "division subtract "
        "subtraction addition percentage percent discount vat tax tip bill fraction root square_root equation "
        "expression_evaluator do_sum abacus markup gratuity adder interest change_due give_back "
        "cash_back give_change split_the_cost split_cost split_rent split_bill split_the_rent "
        "split_the_bill rent_split bill_split share_the_cost share_cost cash_register "
        "waiter waitress on_sale sale_is_on running_a_sale calc owe hand_back how_much_change till_helper till_bot "
        "the_till checkout market_stall "
        "tipping half_price markdown mark_down much_off sale_price customer_pay what_to_pay price_after price_with "
        "cost_per price_per rent_increase "
        "raise pay_rise pay_raise percent_change cash_float times_table net_price gross_price net_and_gross "
        "per_head percent_off card_fee machine_fee gift_aid hammer_price 餐馆 结账 买单 找零 找钱 "
        "分摊 平摊 均摊 AA 算术 计算器 "
        "四则 加减 乘除 数学 "
        "百分比 百分数 算式 表达式 简单运算 折扣 打折 算账 算算 算一算 算数 小费 税 分数 乘方 平方根 "
        "开方 口算 心算 账单 算盘 记算 加法 减法 乘法 除法",
        objects=(
            "number expression equation formula figure amount integer decimal account digit 数字 数值 "
            "几个数 小数 整数 金额 receipt fee"
        ),
        operations="calculate calculation compute computation evaluate solve add sum total subtract plus "
        "minus average mean median "
        "power count_up add_up reckon work_out maximum minimum 计算 运算 求和 算数 相加 加 减 乘 除 平均 合计 总和 "
        "最大 最小",
    ),
    ToolRule(
        name="csv_to_json",
        title="CSV to JSON",
        description="A CSV table as a JSON list of objects.",
        category="data-conversion",
        capabilities=("csv-to-json",),
        short_name="csv_json",
        topics="csv2json csv_json csv_to_json",
        objects=f"{_TABLE} row record",
        operations=(
            "to_json into_json as_json in_json json json_from make_object to_object into_object 转json 成json "
            "为json 到json"
        ),
    ),
    ToolRule(
        name="unit_conversion",
        title="Unit conversion",
        description="Converts length, mass, temperature, volume, area, speed, time and data units.",
        category="conversion",
        capabilities=("unit-conversion",),
        short_name="units",
        topics=(
            "unit_conversion unit_converter convert_unit metric imperial temperature_conversion unit f_to_c c_to_f "
            "light_year how_hot how_cold thermometer oven_temp "
            "配速 里程 oven_temperature square_footage british_recipe american_recipe 坪 单位 换算 "
            "度量衡 公制 英制"
        ),
        objects="unit measure measurement temperature temp length weight distance height volume area speed mass "
        "size pressure energy power fuel mpg consumption pace tyre tire depth width thickness 压力 压强 "
        "能量 功率 油耗 胎压 温度 长度 重量 质量 体积 "
        "面积 速度",
        operations="convert converter conversion versus vs translate_unit 转换 互转 转成 换成",
    ),
    ToolRule(
        name="date_arithmetic",
        title="Date arithmetic",
        description="Days between dates, adding days, weeks, months and years, days of the week (UTC calendar).",
        category="productivity",
        capabilities=("date-arithmetic",),
        short_name="dates",
        topics="shift_start hours_worked started_and_finished start_and_finish worked_hour "
        "start_and_end clock_in clocking_in clock_out clocking_out in_and_out_time 打卡 工时 "
        "预产期 workday working_day business_day shift_hour shift_time start_and_end_time 工作天 期限 工龄 司龄 "
        "倒数日 倒计日 weekday deadline countdown leap_year day_of_week day_of_the_week "
        "day_between date_difference how_old date_of_birth dob birthdate 周岁 岁数 how_many_day "
        "how_many_week how_long_have how_long_ago how_long_since days_until days_till days_since day_left "
        "date_calculator date_calculation date_math "
        "date_arithmetic due_date expiry expiry_date warranty sleep_till sleep_until how_many_sleep notice_period 到期 "
        "clock_time time_of_day start_date "
        "recurring rhythm arrival_time departure_time travel_time when_it_end when_to_begin when_to_leave "
        "time_between hours_between time_difference shift_length hours_worked_between "
        "what_day which_day age_in_day 日期 星期几 周几 礼拜几 天数 多少天 几天 倒计时 闰年 工作日 几号 "
        "年龄 隔多久 多久",
        objects=(
            "date day week month year calendar birthday anniversary christmas exam lease contract trial vacation "
            "launch ages due married rent duration age 日历 生日 纪念日 天 周年 某天 日子 放假 考试"
        ),
        operations="plus minus between until till since from before after calculate calculation compute add subtract "
        "difference differ answer "
        "count work_out ago later arithmetic math left old til when end how_long 计算 相差 间隔 距离 还有 加 减 "
        "之后 之前",
    ),
    ToolRule(
        name="text_statistics",
        title="Text statistics",
        description="Words, unique words, characters, sentences, lines and the most frequent words of a text.",
        category="text-analysis",
        capabilities=("text-statistics",),
        short_name="text",
        topics="word_count word_counter word_frequency character_count letter_count text_statistic "
        "text_analysis wordcount "
        "most_common_word longest_word top_word tweet_length essay_length post_length sms_length "
        "bio_length text_length title_length "
        "reading_stat find_and_replace search_and_replace how_often too_wordy 字数 词频 "
        "词数 字符数 句子数",
        objects=(
            "word vocabulary character char letter sentence text paragraph "
            "essay article line tweet caption blurb intro speech 文本 文字 "
            "文章 作文 "
            "段落 单词 句子 字符 字母 汉字 个字"
        ),
        operations="count counter counting statistic stat frequency frequent frequently often analyse analyze "
        "analysis how_many how_long "
        "number_of length longest most_used most_common unique tally 统计 分析 计数 数一数 数 多少 几个 最常 频率 长度",
    ),
    ToolRule(
        name="json_query",
        title="JSON query",
        description="Values of a JSON document by path, its keys and lengths; says where invalid JSON breaks.",
        category="data-analysis",
        capabilities=("json-query",),
        short_name="json",
        topics="jsonpath json_path json_query json_validator json_lookup nested_object nested_json what_key which_key",
        objects="json nested payload api_response api response",
        operations="query peek extract extractor look lookup path field value parse parser read reader valid "
        "validate validator validity "
        "check get fetch find key inspect navigate property pick browse explore element 查询 提取 取值 取出 取 "
        "读取 解析 路径 字段 "
        "校验 验证 键",
    ),
    ToolRule(
        name="pattern_extraction",
        title="Pattern extraction",
        description=(
            "Finds e-mail addresses, URLs, numbers, dates, phone numbers or a given regular expression in a text."
        ),
        category="text-analysis",
        capabilities=("pattern-extraction",),
        short_name="patterns",
        topics=(
            "regex regexp regexes regular_expression pattern_match pattern_extraction find_date extract_date "
            "find_number extract_number collect_number number_in_a_text number_in_text number_from_text "
            "tel_number phone_number telephone_number email_address highlight_price every_price all_price "
            "price_in_a_text price_in_text amount_in_a_text date_in_a_text find_price extract_price "
            "pull_price which_hashtag which_link which_email price_out amount_out all_amount "
            "number_out_of date_in_text date_from_text date_out_of "
            "date_in_letter date_in_mail date_in_email "
            "order_number_out reference_number invoice_number order_number tracking_number contact_detail "
            "contact_info 验证码 hash_tag 提取日期 找日期 找出日期 手机号 正则"
        ),
        objects="email e-mail log log_file mail url link hyperlink phone telephone mobile ip_address hashtag mention "
        "contact web_address website price_in_text amount_in_text "
        "phone_number pattern tel 邮箱 信箱 电邮 电子邮件 邮件地址 网址 链接 电话 手机 号码 话题标签",
        operations="from_text from_a_text from_my from_message in_text in_a_text of_a_text extract extractor "
        "extraction find finder collect scan highlight pull scrape detect list grab harvest "
        "identify parse out_of spot 里面的 只想要 只要 "
        "gather get search recognise recognize fish pick 提取 抽取 查找 抓 抠 扒 扒出 挖出 挑出 找出 找 识别 抓取 列出",
    ),
    ToolRule(
        name="json_to_csv",
        title="JSON to CSV",
        description="A JSON list of objects as a CSV table.",
        category="data-conversion",
        capabilities=("json-to-csv",),
        short_name="table",
        topics="json2csv json_csv json_to_csv json_into_csv json_to_table json_into_table json_to_excel "
        "json_to_spreadsheet",
        objects="json",
        operations="to_csv into_csv as_csv to_table into_table as_table to_excel 转csv 转成表格 转为表格",
    ),
    ToolRule(
        name="number_notation",
        title="Number notation",
        description="Whole numbers in binary, octal, hexadecimal or Roman numerals; colours as #rrggbb or rgb(...).",
        category="conversion",
        capabilities=("number-notation",),
        short_name="notation",
        topics="roman roman_numeral binary hexadecimal octal number_base base_conversion base_converter "
        "number_system hex_colour hex_color "
        "hex_code rgb colour_code color_code hex_to_decimal dec_to_hex 二进制 十六进制 八进制 罗马数字 进制 色值",
        objects="hex bin",
        operations="decimal convert conversion dec number",
    ),
    ToolRule(
        name="proportion",
        title="Proportions",
        description="Amounts in proportion: a recipe for another number of people, material for another area.",
        category="mathematics",
        capabilities=("proportions",),
        short_name="proportions",
        topics="scale_recipe scale_a_recipe recipe_scaler recipe_scaling resize_recipe recipe_calculator "
        "rule_of_three rule_of_3 proportion recipe_bigger recipe_smaller "
        "bigger_batch 按比例 几人份 按人数 人份换算 配方换算",
        objects="recipe ingredient portion dough batch 食谱 菜谱 配方 用料 食材",
        operations="scale scaling bigger smaller resize double halve adjust multiply upscale more_people fewer_people "
        "how_many_people how_many_person how_many_guest number_of_people number_of_guest other_number "
        "larger 放大 缩小 人数 人份 份量 用量 加倍",
    ),
    ToolRule(
        name="list_cleanup",
        title="List cleanup",
        description="Sorts a list, removes duplicates, reverses, numbers and counts its entries.",
        category="text-processing",
        capabilities=("list-cleanup",),
        short_name="lists",
        topics="sort_thing sort_stuff sort_item sort_entry sort_anything sort_line sort_list sort_a_list "
        "sort_the_list sort_my_list sort_name sort_word alphabetical alphabetical_order abc_order alphabetize "
        "order_of_number number_in_order smallest_first largest_first highest_first lowest_first "
        "sort_number sort_the_number count_item_in_a_list count_the_item_in_a_list count_line_in_a_list "
        "alphabetise dedupe dedup de-dupe dupe duplicate_line remove_duplicate delete_duplicate "
        "drop_duplicate duplicate_name "
        "find_duplicate sign_up_twice signed_up_twice listed_twice entered_twice unique_line unique_name "
        "a-z z-a clean_up_list list_cleaner 去重 排个序 去掉重复 "
        "去除重复 重复项 名单排序",
        objects="list line entry 名单 列表 清单",
        operations="sort sorter dedupe duplicate unique reverse numbering twice double doubled 排序 去重 重复 倒序",
    ),
    ToolRule(
        name="text_changes",
        title="Text changes",
        description="Replaces words in a text, writes it in capitals, in small letters, backwards or as a slug.",
        category="text-processing",
        capabilities=("text-changes",),
        short_name="rewrite",
        topics="back_to_front back_to_the_front shouty normal_case "
        "change_case all_capital cap_lock change_the_case case_of_text "
        "letter_case convert_case case_converter slug slugify "
        "url_slug permalink uppercase upper_case lowercase lower_case title_case "
        "sentence_case snake_case camel_case camelcase snakecase "
        "kebab_case all_cap in_capital capital_letter capitalize capitalise find_and_replace "
        "search_and_replace find_replace "
        "replace_word replace_text palindrome backward backwards reverse_text reverse_a_text "
        "reverse_string reverse_a_string "
        "reverse_word mirror_text strip_punctuation word_backward text_backward text_as_slug "
        "title_to_slug title_as_web_address remove_punctuation blank_line empty_line line_break "
        "extra_space 大写 小写 回文 倒着写 首字母 "
        "查找替换 词替换 替换掉 字替换 替换文字 替换词 标点",
        objects="title headline text string word sentence filename phrase 文字 文本 标题 句子",
        operations="replace reverse replacement swap capital web_address url_friendly 替换 反转 倒过来 改成",
    ),
    ToolRule(
        name="session_notes",
        title="Session notes",
        description="Keeps a list or notes for as long as a session lasts, and tells them again.",
        category="productivity",
        capabilities=("session-notes",),
        short_name="notes",
        topics="keep_a_list keep_list keep_my_list keep_the_list shopping_list grocery_list to_do_list "
        "todo_list to-do_list to-do packing_list wish_list note_taker note_taking notepad "
        "notebook take_note short_note keep_note quick_note jot remember_where remember_what "
        "remember_thing remember_my remember_stuff "
        "购物清单 记东西 记事情 帮我记 待办 备忘 记事 记笔记 记下来 记下 记住 笔记",
        objects="note memo todo grocery errand chore",
        operations="remember keep store recall read_back save back later write_down hold drop",
    ),
    ToolRule(
        name="fact_lookup",
        title="Facts",
        description="Answers questions with the facts that the requirement states, such as opening hours and prices.",
        category="question-answering",
        capabilities=("fact-lookup",),
        short_name="facts",
        topics="question_about faq q_a frequently_asked answer_question answer_the_question answer_our answer_guest "
        "answer_customer answer_visitor "
        "question_and_answer q_and_a guest_ask customer_ask people_ask visitor_ask client_ask member_ask "
        "same_question ask_the_same ask_me_the_same ask_us_the_same "
        "guest_question customer_question visitor_question reception concierge info_bot info_desk "
        "information_desk information_bot "
        "about_our_shop about_our_hotel about_our_house tell_guest tell_customer 常见问题 问答 客服 "
        "回答客人 回答顾客 回答客户 咨询",
        objects="question guest customer visitor 问题 客人 顾客 客户",
        operations="answer reply tell 回答 答复",
    ),
)

RULES = {rule.name: rule for rule in CATALOGUE}

OUT_OF_REACH = {
    "translation between languages": "translate translation translator french german spanish interpreter 翻译",
    "booking and travel": (
        "book booking flight hotel travel trip reservation reserve ticket 订酒店 订机票 预订 旅行 旅游 "
        "机票 酒店 高铁 火车票 车票 打车 taxi cab holiday_plan"
    ),
    "live rates, prices and news": (
        "live realtime real-time exchange_rate currency stock_price stock_market stock_quote stock_ticker "
        "share_price crypto bitcoin news right_now latest "
        "timer stopwatch alarm_clock wake_me order_grocery order_food answer_my_email answer_email "
        "gold_price petrol_price fuel_price_near nearby track_my parcel election football_result 快递 "
        "股市 基金 汇率 股票 股价 新闻 实时 行情"
    ),
    "weather": "weather forecast rain 天气",
    "writing and creative work": (
        "poem poetry haiku story novel song lyric joke essay_writing compose write_email draft rewrite "
        "cover_letter motivation_letter love_letter write_a_letter resume product_description motivation "
        "horoscope typo proofread proofreading grammar "
        "learn_vocabulary synonym website_builder make_website make_a_website build_a_website "
        "build_website write_blog blog_writer 情书 周报 日报 简历 "
        "写一篇 写作文 写一首 诗 小说 故事 写作 作曲 笑话 写文章 润色"
    ),
    "watching, controlling and posting": (
        "md5 sha256 encrypt password qr_code sudoku crossword html monitor_my monitor_website "
        "monitor_server alert_me notify notification uptime lottery webcam camera instagram facebook "
        "tiktok linkedin whatsapp smart_home answer_the_phone 监控 报警 通知我 发朋友圈 发微博"
    ),
    "documents of other programs": "pdf docx powerpoint ppt",
    "pictures, sound and video": (
        "image picture photo draw drawing video audio podcast transcribe recording speech voice music aloud "
        "图片 画 视频 音频 录音 语音 音乐"
    ),
    "sending, calling and appointments": (
        "send reply invite meeting schedule appointment remind reminder 发送 发邮件 提醒 会议 预约"
    ),
    "summaries and general knowledge": (
        "summarize_article summarise_article summarize_long long_article history trivia who_won world_cup "
        "capital_of recipe_idea write_recipe write_me_recipe suggest_recipe find_recipe "
        "recommend python_code write_code write_program source_code "
        "phone_plan recommendation advice explain chess play game date_idea find_a_date romantic "
        "therapist chatbot what_to_cook  摘要 百科 历史 推荐 下棋 游戏 聊天"
    ),
}
