echo one


  indented ${dt}
	tab

