DAY ?= ${dt}
all: $(OUT)/%.csv | dirs
	@echo $@ $< $^ $(@D) $$HOME $${HOME} ${MAKE}
