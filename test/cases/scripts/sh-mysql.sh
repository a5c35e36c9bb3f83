mysql --batch -e "set @d = '${dt}'; select @d, @@version, \`order\`.id from \`order\` where r = '${region}'"
