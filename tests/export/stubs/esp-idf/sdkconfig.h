#define CONFIG_IDF_TARGET "stub"
